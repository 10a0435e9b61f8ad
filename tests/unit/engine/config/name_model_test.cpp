// Names of options, mistyped words and values, against searches that ask each row of the table.
// SPDX-License-Identifier: MIT
#include "engine/config/ini.hpp"
#include "engine/config/option_name.hpp"
#include "engine/config/suggestion.hpp"
#include "engine/config/value.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/generators.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <regex>

using namespace pgbraid;
using namespace pgbraid::config;
using test::between;

namespace {

bool is_grouped(const option_row& row) {
  return row.group != option_group::none;
}

/// The name of a row as users write it.
std::string name_of(size_t row, unsigned key) {
  return shown_name({static_cast<uint16_t>(row), is_grouped(options_table[row]) ? key : 0});
}

std::optional<found_name> found(const std::string& name, bool prefixes) {
  const auto result = find_name(name, prefixes);
  return result ? *result : std::nullopt;
}

} // namespace

TEST_CASE("option names model: each is found by itself, with each of its keys, negated and reset") {
  for (size_t row = 0; row < options_table.size(); ++row)
    for (const unsigned key : {1U, 2U, 99U, 256U}) {
      const auto name = name_of(row, key);
      CAPTURE(name);
      for (const auto& [before, form] : {std::pair("", name_form::plain),
                                         {"no-", name_form::negate},
                                         {"reset-", name_form::reset}})
        for (const bool prefixes : {false, true}) {
          const auto one = found(before + name, prefixes);
          REQUIRE(one);
          CHECK(one->ref.row == row);
          CHECK(one->ref.key == (is_grouped(options_table[row]) ? key : 0));
          CHECK(one->form == form);
          CHECK_FALSE(one->deprecated);
        }
    }
}

TEST_CASE("option names model: a key that is missing, too much or out of range is an error") {
  for (size_t row = 0; row < options_table.size(); ++row) {
    const auto& about = options_table[row];
    CAPTURE(about.name);
    if (!is_grouped(about)) {
      // `pg-version-force` is none of a group, whatever its name says.
      const auto word = about.name.substr(0, about.name.find('-'));
      if (word != about.name && (word == "repo" || word == "pg" || word == "db"))
        CHECK_FALSE(find_name(fmt::format("{}1{}", word, about.name.substr(word.size())), false));
      continue;
    }
    const bool has_old_form =
        std::ranges::any_of(deprecated_table, [&](const deprecated_name& old) {
          return old.name == about.name && old.unindexed;
        });
    const auto without = find_name(about.name, false);
    CHECK(bool(without) == has_old_form);
    if (has_old_form) {
      CHECK((*without)->ref.key == 1);
      CHECK((*without)->deprecated);
    }
    for (const auto* key : {"0", "257", "4294967297", "99999999999999999999"}) {
      const auto group = group_name(about.group);
      const auto name = fmt::format("{}{}{}", group, key, about.name.substr(group.size()));
      const auto bad = find_name(name, false);
      REQUIRE_FALSE(bad);
      CHECK(bad.failure().code == errc::option_invalid);
    }
  }
}

TEST_CASE("option names model: the beginning of a name will do when one option alone begins so") {
  std::vector<std::string> names;
  for (size_t row = 0; row < options_table.size(); ++row)
    names.push_back(name_of(row, 7));
  for (size_t row = 0; row < names.size(); ++row)
    for (size_t length = 1; length < names[row].size(); ++length) {
      const auto begin = names[row].substr(0, length);
      const bool is_whole = found(begin, false).has_value() || !find_name(begin, false);
      const bool has_key = is_grouped(options_table[row]);
      // Whether it is the group's is seen by the key only when there is one.
      if (is_whole || begin.starts_with("no-") || begin.starts_with("reset-") ||
          (has_key && split_key(begin).key == 0))
        continue;
      size_t count = 0;
      for (size_t other = 0; other < names.size(); ++other)
        count += is_grouped(options_table[other]) == has_key && names[other].starts_with(begin);
      const auto one = found(begin, true);
      CAPTURE(begin);
      const bool is_current = one && !one->deprecated;
      CHECK(is_current == (count == 1));
      if (count == 1)
        CHECK(one->ref.row == row);
      CHECK_FALSE(found(begin, false));
    }
}

TEST_CASE("option names model: old names mean what the table says, in the forms that it allows") {
  for (const auto& old : deprecated_table) {
    CAPTURE(old.name);
    const auto row = find_option(old.option);
    REQUIRE(row < options_table.size());
    if (old.unindexed && find_option(old.name) != row) {
      const auto one = found(std::string(old.name), false);
      REQUIRE(one);
      CHECK(one->ref.row == row);
      CHECK(one->deprecated);
    }
    const auto dash = std::min(old.name.find('-'), old.name.size());
    const auto keyed = fmt::format("{}5{}", old.name.substr(0, dash), old.name.substr(dash));
    if (old.indexed) {
      const auto one = found(keyed, false);
      REQUIRE(one);
      CHECK(one->ref.row == row);
      CHECK(one->ref.key == 5);
    }
  }
}

TEST_CASE("suggestion model: the nearest by the fewest edits, tried one after the other") {
  // Letters added, taken away, changed, or two neighbours swapped.
  const std::function<size_t(std::string_view, std::string_view)> distance =
      [&](std::string_view a, std::string_view b) -> size_t {
    if (a.empty() || b.empty())
      return a.size() + b.size();
    if (a.front() == b.front())
      return distance(a.substr(1), b.substr(1));
    size_t least = 1 + std::min({distance(a.substr(1), b), distance(a, b.substr(1)),
                                 distance(a.substr(1), b.substr(1))});
    if (a.size() > 1 && b.size() > 1 && a[0] == b[1] && a[1] == b[0])
      least = std::min(least, 1 + distance(a.substr(2), b.substr(2)));
    return least;
  };
  test::for_all(
      [&] {
        const auto word = *test::text_of("abc", 6);
        std::vector<std::string> known;
        for (auto more = *between(0, 6); more > 0; --more)
          known.push_back(*test::text_of("abc", 6));
        const std::vector<std::string_view> views(known.begin(), known.end());
        const auto best = nearest(word, views);
        size_t least = SIZE_MAX;
        for (const auto& one : known)
          if (!one.empty())
            least = std::min(least, distance(word, one));
        const auto allowed = std::max<size_t>(1, word.size() / 3);
        if (best.empty())
          RC_ASSERT((least > allowed || std::ranges::count(known, "") > 0));
        else
          RC_ASSERT(distance(word, best) <= std::min(least, allowed));
      },
      200);
}

TEST_CASE("value model: integers, paths and choices, by the words of section 8") {
  const auto read = [](option_type type, std::string_view allowed, const std::string& text) {
    std::vector<std::string> warnings;
    return parse_value({.name = "x", .type = type}, "x", allowed, {text}, warnings);
  };
  test::for_all(
      [&] {
        test::hostile("lines of configuration");
        const auto text = *test::text_of("0123456789+- .x", 5);
        static const std::regex number("[+-]?[0-9]+");
        const bool is_number = std::regex_match(text, number);
        const auto plain = read(option_type::integer, "", text);
        RC_ASSERT(bool(plain) == is_number);
        const auto low = *between(-50, 50);
        const auto high = low + *between(0, 100);
        const auto limited = read(option_type::integer, fmt::format("{}..{}", low, high), text);
        const bool fits = is_number && std::stoll(text) >= low && std::stoll(text) <= high;
        RC_ASSERT(bool(limited) == fits);
        if (!limited)
          RC_ASSERT((limited.failure().code == errc::option_invalid_value));
        if (plain)
          RC_ASSERT(std::get<int64_t>(plain->data) == std::stoll(text));
        const auto path = *test::text_of("/ab.", 6);
        const auto as_path = read(option_type::path, "", path);
        const bool is_path = path.starts_with('/') && path.find("//") == path.npos;
        RC_ASSERT(bool(as_path) == is_path);
        if (is_path) {
          const auto kept = std::get<std::string>(as_path->data);
          RC_ASSERT((kept == "/" || !kept.ends_with('/')));
          RC_ASSERT((path == kept || path == kept + "/"));
        }
        const auto word = *test::text_of("abc", 2);
        RC_ASSERT(bool(read(option_type::choice, "a | bc | c", word)) ==
                  (word == "a" || word == "bc" || word == "c"));
        RC_ASSERT(bool(read(option_type::boolean, "", word)) == false);
      },
      300);
  for (const auto* text : {"9223372036854775807", "-9223372036854775808", "+9223372036854775807"})
    CHECK(read(option_type::integer, "", text));
  for (const auto* text :
       {"9223372036854775808", "-9223372036854775809", "+-1", "++1", "1e3", "0x1"})
    CHECK_FALSE(read(option_type::integer, "", text));
}

TEST_CASE("value model: maps keep the last of each key, lists all in order") {
  test::for_all([] {
    std::vector<std::string> texts;
    std::map<std::string, std::string> wanted;
    size_t again = 0;
    bool broken = false;
    for (auto more = *between(0, 6); more > 0; --more) {
      const auto key = *test::text_of("ab", 2);
      const auto text = key + *rc::gen::element("=", "=x", "=y=z", "", "==");
      texts.push_back(text);
      const auto equals = text.find('=');
      broken = broken || equals == text.npos || equals == 0;
      if (!broken) {
        again += wanted.contains(key) ? 1 : 0;
        wanted[key] = text.substr(equals + 1);
      }
    }
    std::vector<std::string> warnings;
    const auto map = parse_value({.name = "x", .type = option_type::map}, "x", "", texts, warnings);
    RC_ASSERT(bool(map) == !broken);
    if (!map)
      RC_ASSERT((map.failure().code == errc::option_invalid));
    else
      RC_ASSERT(std::get<value_map>(map->data) == wanted);
    if (map)
      RC_ASSERT(warnings.size() == again);
    const auto list =
        parse_value({.name = "x", .type = option_type::list}, "x", "", texts, warnings);
    RC_ASSERT(std::get<value_list>(list->data) == texts);
  });
}

TEST_CASE("ini model: lines by the words of section 3") {
  static const std::vector<std::string> lines{
      "[global]",   " [demo] ",   "[demo:backup]", "[]",    "[x",       "x]=1",
      "name=value", "a = b = c ", "\tb=\t1\t",     "c=",    "=1",       "none",
      "",           "  ",         "# x=1",         "  #",   "d=1 # no", "e=\"q\"",
      "f=1;2",      "[g]x",       "h=[i]",         "j=\\n", ";k=1",     "l\xc3\xb6=1",
      "m=\r",       "\xc2\xa0n=1"};
  const auto trimmed = [](std::string text) {
    const std::string blanks = " \t\r\n\v\f";
    text.erase(0, text.find_first_not_of(blanks));
    while (!text.empty() && blanks.find(text.back()) != blanks.npos)
      text.pop_back();
    return text;
  };
  test::for_all(
      [&] {
        test::hostile("lines of configuration");
        std::string text;
        std::vector<std::pair<std::string, std::string>> wanted; ///< section/name, value
        size_t broken_at = 0;
        std::string section;
        const auto count = *between<size_t>(0, 8);
        for (size_t number = 1; number <= count; ++number) {
          // More often than not a line that is as it should be.
          const auto raw = *between(0, 2) == 0 ? *rc::gen::elementOf(lines)
                                               : *rc::gen::element<std::string>("[global]", "a=1");
          text += raw + (number < count || *rc::gen::arbitrary<bool>() ? "\n" : "");
          const auto line = trimmed(raw);
          if (broken_at != 0 || line.empty() || line.starts_with('#'))
            continue;
          const auto equals = line.find('=');
          if (line.starts_with('[') && line.ends_with(']') && line.size() > 2)
            section = line.substr(1, line.size() - 2);
          else if (line.starts_with('[') || section.empty() || equals == line.npos ||
                   trimmed(line.substr(0, equals)).empty())
            broken_at = number;
          else
            wanted.emplace_back(section + "/" + trimmed(line.substr(0, equals)),
                                trimmed(line.substr(equals + 1)));
        }
        const auto read = parse_ini(text);
        RC_ASSERT(bool(read) == (broken_at == 0));
        if (!read) {
          RC_ASSERT((read.failure().code == errc::format));
          RC_ASSERT(read.failure().message.find(fmt::format("line {}", broken_at)) !=
                    std::string::npos);
          return;
        }
        RC_ASSERT(read->size() == wanted.size());
        for (size_t i = 0; i < wanted.size(); ++i) {
          RC_ASSERT((*read)[i].section + "/" + (*read)[i].name == wanted[i].first);
          RC_ASSERT((*read)[i].texts == std::vector{wanted[i].second});
        }
      },
      400);
}

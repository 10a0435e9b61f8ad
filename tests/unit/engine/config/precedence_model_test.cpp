// Where a value comes from: each set of places that name an option, in both kinds of file.
// SPDX-License-Identifier: MIT
#include "engine/config/option_table.hpp"
#include "tests/unit/engine/config/run.hpp"
#include "tests/unit/generators.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>

using namespace pgbraid;
using namespace pgbraid::config;
using test::between;

namespace {

/// Options of every section that `backup` has, and values of theirs; none is the default.
struct choice {
  std::string name;
  std::vector<std::string> values;
};
const std::vector<choice>& choices() {
  static const std::vector<choice> all{
      {"process-max", {"2", "3", "4", "5", "6", "7", "8"}},
      {"archive-timeout", {"2s", "3000ms", "4s", "5m", "6h", "7s", "8s"}},
      {"buffer-size", {"16KiB", "32KiB", "64k", "128KB", "2MiB", "4m", "8MB"}},
      {"lock-path", {"/a", "/b", "/c/d", "/e", "/f", "/g", "/h"}},
      {"compress-type", {"none", "bz2", "lz4", "zst"}},
      {"start-fast", {"y"}},
      {"repo1-path", {"/r1", "/r2", "/r3", "/r4", "/r5", "/r6", "/r7"}},
      {"repo1-bundle", {"y"}},
      {"repo1-retention-full", {"11", "12", "13", "14", "15", "16", "17"}}};
  return all;
}

size_t row_of_name(const std::string& name) {
  return find_option(split_key(name).base);
}

option_type type_of(const std::string& name) {
  return options_table[row_of_name(name)].type;
}

/// Strongest first, as engine/config/README.md, section 1 lists them.
enum place : size_t {
  argv,
  own_variable,
  variable,
  stanza_command,
  stanza,
  all_command,
  all,
  places
};

std::string section_of(place where) {
  static const std::array<const char*, places> names{
      "", "", "", "demo:backup", "demo", "global:backup", "global"};
  return names[where];
}

using said = std::array<std::vector<std::pair<std::string, std::string>>, places>;

std::string variable_name(std::string name, const char* prefix) {
  for (auto& c : name)
    c = c == '-' ? '_' : static_cast<char>(std::toupper(c));
  return prefix + name;
}

std::string toml_value(const std::string& name, const std::string& value) {
  switch (type_of(name)) {
  case option_type::boolean:
    return value == "y" ? "true" : "false";
  case option_type::integer:
    return value;
  default:
    return "\"" + value + "\"";
  }
}

run run_of(const said& by, bool toml) {
  run out{{"backup", "--stanza=demo"}};
  for (const auto& [name, value] : by[argv])
    out.args.push_back("--" + name + "=" + value);
  for (const auto& [name, value] : by[own_variable])
    out.environment.emplace_back(variable_name(name, "PGBRAID_"), value);
  for (const auto& [name, value] : by[variable])
    out.environment.emplace_back(variable_name(name, "PGBACKREST_"), value);
  out.file = toml ? "[demo]\npg1-path = \"/pg\"\n" : "[demo]\npg1-path=/pg\n";
  out.extension = toml ? ".toml" : ".conf";
  for (const auto where : {stanza, stanza_command, all_command, all}) {
    // A table may come once only.
    if (where != stanza)
      out.file += fmt::format(fmt::runtime(toml ? "[\"{}\"]\n" : "[{}]\n"), section_of(where));
    for (const auto& [name, value] : by[where])
      out.file += toml ? fmt::format("{} = {}\n", name, toml_value(name, value))
                       : fmt::format("{}={}\n", name, value);
  }
  return out;
}

value_source source_of(size_t where) {
  return where == argv                                ? value_source::command_line
         : where == own_variable || where == variable ? value_source::environment
                                                      : value_source::file;
}

} // namespace

TEST_CASE("precedence model: the strongest place counts, for each option by itself") {
  test::for_all(
      [] {
        const bool toml = *rc::gen::arbitrary<bool>();
        said by;
        std::vector<std::pair<size_t, std::string>> wanted;
        for (const auto& [name, values] : choices()) {
          size_t strongest = places;
          std::string value;
          for (size_t where = places; where-- > 0;)
            if (*between(0, 2) == 0) {
              strongest = where;
              value = *rc::gen::elementOf(values);
              by[where].emplace_back(name, value);
            }
          wanted.emplace_back(strongest, value);
        }
        auto made = run_of(by, toml);
        const auto plain = run_of({}, toml).good();
        const auto opts = made.good();
        RC_ASSERT(made.warnings.empty());
        for (size_t i = 0; i < choices().size(); ++i) {
          const auto row = row_of_name(choices()[i].name);
          if (wanted[i].first == places) {
            RC_ASSERT(opts.shown(row, 0) == plain.shown(row, 0));
            RC_ASSERT((opts.source_at(row, 0) == value_source::fallback));
          } else {
            RC_ASSERT(opts.shown(row, 0) == wanted[i].second);
            RC_ASSERT((opts.source_at(row, 0) == source_of(wanted[i].first)));
          }
        }
      },
      60);
}

TEST_CASE("precedence model: a reset goes straight to the default, a negation is a no") {
  test::for_all(
      [] {
        said by;
        for (const auto& [name, values] : choices())
          for (size_t where = own_variable; where < places; ++where)
            if (*between(0, 1) == 0)
              by[where].emplace_back(name, *rc::gen::elementOf(values));
        auto made = run_of(by, *rc::gen::arbitrary<bool>());
        const auto& chosen = *rc::gen::elementOf(choices());
        const auto row = row_of_name(chosen.name);
        made.args.push_back("--reset-" + chosen.name);
        RC_ASSERT(made.good().shown(row, 0) == run_of({}, false).good().shown(row, 0));
        made.args.back() = "--no-" + chosen.name;
        const bool negatable_one = (options_table[row].flags & negatable) != 0;
        const auto negated = made.load();
        RC_ASSERT(bool(negated) == negatable_one);
        if (negated)
          RC_ASSERT(negated->shown(row, 0) == "n");
        else
          RC_ASSERT((negated.failure().code == errc::option_invalid));
      },
      60);
}

TEST_CASE("precedence model: INI and TOML say the same") {
  test::for_all(
      [] {
        said by;
        for (const auto& [name, values] : choices())
          for (const auto where : {stanza_command, stanza, all_command, all})
            if (*between(0, 1) == 0)
              by[where].emplace_back(name, *rc::gen::elementOf(values));
        const auto ini = run_of(by, false).good();
        const auto toml = run_of(by, true).good();
        for (size_t row = 0; row < options_table.size(); ++row)
          if (options_table[row].name != "config") {
            RC_ASSERT(ini.position_count(row) == toml.position_count(row));
            for (size_t i = 0; i < ini.position_count(row); ++i)
              RC_ASSERT(ini.shown(row, i) == toml.shown(row, i));
          }
      },
      30);
}

TEST_CASE(
    "precedence model: the order of words means nothing, nor do the two ways to give a value") {
  test::for_all(
      [] {
        std::vector<std::vector<std::string>> words;
        for (const auto& [name, values] : choices())
          if (*between(0, 1) == 0) {
            const auto value = *rc::gen::elementOf(values);
            if (type_of(name) != option_type::boolean && *rc::gen::arbitrary<bool>())
              words.push_back({"--" + name, value});
            else
              words.push_back({"--" + name + "=" + value});
          }
        const auto opts_of = [&] {
          run made{{"--stanza=demo", "--pg1-path=/pg"}};
          const auto at = *between<size_t>(0, words.size());
          for (size_t i = 0; i <= words.size(); ++i) {
            if (i == at)
              made.args.emplace_back("backup");
            if (i < words.size())
              made.args.insert(made.args.end(), words[i].begin(), words[i].end());
          }
          return made.good().begin_line();
        };
        const auto first = opts_of();
        std::ranges::reverse(words);
        RC_ASSERT(opts_of() == first);
      },
      60);
}

TEST_CASE("precedence model: keys of a group may have gaps, and their order is that of numbers") {
  test::for_all(
      [] {
        auto keys = *rc::gen::unique<std::vector<unsigned>>(between(1U, 256U));
        keys.resize(std::min<size_t>(keys.size(), 6));
        run made{{"backup", "--stanza=demo", "--pg1-path=/pg"}};
        for (const auto key : keys)
          made.args.push_back(fmt::format("--repo{0}-path=/r{0}", key));
        const auto opts = made.good();
        std::ranges::sort(keys);
        if (keys.empty())
          keys = {1};
        RC_ASSERT(opts.repo_count() == keys.size());
        for (size_t i = 0; i < keys.size(); ++i) {
          RC_ASSERT(opts.repo_key(i) == keys[i]);
          if (made.args.size() > 3)
            RC_ASSERT(opts.text("repo-path", i) == fmt::format("/r{}", keys[i]));
        }
        const auto chosen = *rc::gen::elementOf(keys);
        made.args.push_back(fmt::format("--repo={}", chosen));
        RC_ASSERT(made.good().repo_key(made.good().repo_default()) == chosen);
        const auto missing = *between(1U, 256U);
        RC_PRE(std::ranges::count(keys, missing) == 0);
        made.args.back() = fmt::format("--repo={}", missing);
        RC_ASSERT((made.load().failure().code == errc::option_invalid_value));
      },
      60);
}

TEST_CASE("precedence model: the remote role is told what is no default here") {
  test::for_all(
      [] {
        run made{{"check", "--stanza=demo", "--pg1-path=/pg", "--repo3-path=/r 3",
                  "--repo3-host=elsewhere"}};
        std::vector<std::pair<size_t, std::string>> wanted;
        for (const auto& [name, value] :
             std::vector<std::pair<std::string, std::string>>{{"buffer-size", "64KiB"},
                                                              {"io-timeout", "17s"},
                                                              {"protocol-timeout", "40m"},
                                                              {"db-timeout", "7s"},
                                                              {"neutral-umask", "n"},
                                                              {"sck-keep-alive", "n"}})
          if (*rc::gen::arbitrary<bool>()) {
            const bool on_command_line = *rc::gen::arbitrary<bool>();
            if (on_command_line)
              made.args.push_back("--" + name + "=" + value);
            else
              made.environment.emplace_back(variable_name(name, "PGBRAID_"), value);
            wanted.emplace_back(row_of_name(name), value);
          }
        auto here = made.good();
        here.set_exec_id("77-0123abcd");
        const auto process = *between(0U, 3U);
        const auto words = here.remote_words(option_group::repo, 0, process);
        RC_ASSERT(words.back() == "check:remote");
        RC_ASSERT(std::is_sorted(words.begin(), words.end() - 1));
        const auto there = run{words}.good();
        RC_ASSERT((there.role() == command_role::remote));
        RC_ASSERT(there.exec_id() == here.exec_id());
        RC_ASSERT(there.repo_key(0) == 3U);
        RC_ASSERT(there.text("repo-path", 0) == "/r 3");
        RC_ASSERT(there.integer("process") == process);
        for (const auto& [row, value] : wanted)
          RC_ASSERT(there.shown(row, 0) == value);
      },
      60);
}

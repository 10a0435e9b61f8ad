// Names in a repository: what they are read as, character by character and against other readings.
// SPDX-License-Identifier: MIT
#include "engine/format/archive_info.hpp"
#include "engine/format/entry_name.hpp"
#include "engine/format/info_value.hpp"
#include "engine/format/label.hpp"
#include "engine/format/repository_path.hpp"
#include "engine/format/repository_reach.hpp"
#include "engine/format/text_arena.hpp"
#include "engine/format/unfinished_wal.hpp"
#include "engine/format/wal_entry.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/generators.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <regex>

using namespace pgbraid;
using namespace pgbraid::format;
using test::between;

namespace {

/// Another local time zone for one test.
struct zone {
  explicit zone(const char* name) {
    setenv("TZ", name, 1);
    tzset();
  }
  ~zone() {
    unsetenv("TZ");
    tzset();
  }
};

/// Changes one character of a text, takes one away or adds one.
std::string nearly(std::string text, const std::string& letters) {
  const auto at = *between<size_t>(0, text.size() - 1);
  const auto other = *rc::gen::elementOf(letters);
  switch (*between(0, 2)) {
  case 0:
    return text.erase(at, 1);
  case 1:
    text[at] = other;
    return text;
  default:
    return text.insert(at, 1, other);
  }
}

std::string any_wal_name() {
  return test::hex_digits(*test::any_number(), 8) + test::hex_digits(*test::any_number(), 16);
}

std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> out;
  while (true) {
    const auto end = path.find('/');
    out.emplace_back(path.substr(0, end));
    if (end == path.npos)
      return out;
    path.remove_prefix(end + 1);
  }
}

} // namespace

TEST_CASE("label model: exactly what section 2 shows") {
  static const std::regex shape("[0-9]{8}-[0-9]{6}F(_[0-9]{8}-[0-9]{6}[DI])?");
  test::for_all(
      [] {
        test::hostile("names that leave their directory");
        const auto good =
            *rc::gen::element<std::string>("20261121-231250F", "20261121-231250F_20261121-231255D",
                                           "20261121-231250F_20261121-231258I");
        const auto text = nearly(good, "0129FDI_-/.x \n");
        RC_ASSERT(is_label(text) == std::regex_match(text, shape));
        RC_ASSERT(is_label(good));
      },
      300);
}

TEST_CASE("label model: later ones come later, and a new one after all that it is compared with") {
  const zone utc("UTC0");
  test::for_all([] {
    const auto start_s = *between<int64_t>(0, 4'000'000'000);
    const auto later_s = start_s + *between<int64_t>(1, 1000);
    RC_ASSERT(make_label(backup_type::full, start_s) < make_label(backup_type::full, later_s));
    const auto full = make_label(backup_type::full, start_s);
    RC_ASSERT(make_label(backup_type::incr, start_s, full) <
              make_label(backup_type::diff, later_s, full));
    RC_ASSERT(full < make_label(backup_type::incr, start_s, full));
    std::vector<std::string> existing;
    for (auto more = *between(0, 6); more > 0; --more) {
      const auto one = make_label(backup_type::full, start_s + *between(-5, 2));
      existing.push_back(*rc::gen::arbitrary<bool>()
                             ? one
                             : make_label(backup_type::diff, start_s + *between(-5, 2), one));
    }
    for (const auto type : {backup_type::full, backup_type::diff, backup_type::incr}) {
      const auto chosen = choose_label(type, start_s, full, existing);
      const bool alone = type == backup_type::full;
      const auto must_follow = [&](const std::string& label, const std::string& one) {
        return (!alone && full_of_label(one) != full) || one == full || one < label;
      };
      const auto follows_all = [&](const std::string& label) {
        return std::ranges::all_of(existing, [&](const std::string& one) {
          return (one == full && !alone) || must_follow(label, one);
        });
      };
      const auto second = make_label(type, start_s + 1, full);
      if (!chosen) {
        RC_ASSERT(chosen.failure().code == errc::clock);
        RC_ASSERT(!follows_all(second) || std::ranges::count(existing, second) > 0);
        continue;
      }
      RC_ASSERT(std::ranges::count(existing, chosen->label) == 0);
      RC_ASSERT(follows_all(chosen->label));
      RC_ASSERT(chosen->label == make_label(type, start_s + (chosen->second_added ? 1 : 0), full));
    }
  });
}

TEST_CASE("wal entry model: names that are read are those that are written") {
  test::for_all(
      [] {
        test::hostile("WAL segments");
        const auto segment = any_wal_name() + *rc::gen::element("", ".partial");
        const auto sum = test::hex_digits(*test::any_number(), 40, "0123456789abcdef");
        const auto type = *rc::gen::elementOf(all_compress_types);
        const auto name = wal_entry_name(segment, sum, type);
        const auto read = parse_wal_entry(name);
        RC_ASSERT(read.has_value());
        RC_ASSERT(read->segment + (read->partial ? ".partial" : "") == segment);
        RC_ASSERT(read->checksum == sum);
        RC_ASSERT(read->compress == type);
        // While it is stored it is the same entry, ours and that of a peer.
        const auto own = "." + test::hex_digits(*test::any_number(), 16, "0123456789abcdef");
        RC_ASSERT(parse_unfinished_wal_entry(name + own + ".pgbackrest.tmp") == read);
        RC_ASSERT(parse_unfinished_wal_entry(name + ".pgbackrest.tmp") == read);
        // Whatever else is taken for an entry is one by the same rule.
        const auto other = nearly(name, "0aAfFgx-.zst/\n");
        if (const auto entry = parse_wal_entry(other)) {
          RC_ASSERT(wal_entry_name(entry->segment + (entry->partial ? ".partial" : ""),
                                   entry->checksum, entry->compress) == other);
          RC_ASSERT(entry->segment.size() == 24U);
          RC_ASSERT(entry->checksum.size() == 40U);
        }
      },
      300);
}

TEST_CASE("archive id model: whatever is read is a version and a number, written in one way only") {
  test::for_all(
      [] {
        test::hostile("names that leave their directory");
        const auto text = *test::text_of("0123459.-/x", 8);
        if (const auto parts = parse_archive_id(text)) {
          RC_ASSERT(archive_id(parts->version, parts->id) == text);
          RC_ASSERT(parts->id > 0U);
          RC_ASSERT(text.find('/') == std::string::npos);
        }
        const auto version = *rc::gen::element<std::string>("9.6", "10", "18");
        const auto id = *rc::gen::nonZero<uint64_t>();
        RC_ASSERT(parse_archive_id(archive_id(version, id))->id == id);
      },
      300);
}

TEST_CASE("entry name model: segments as section 8.3 has them, in the places of their kind") {
  const auto all_digits = [](const std::string& text) {
    return !text.empty() && text.size() <= 10 &&
           std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  };
  int taken = 0;
  test::for_all(
      [&] {
        test::hostile("names that leave their directory");
        std::string name = *rc::gen::element<std::string>("pg_data", "pg_tblspc", "pg_datum", "");
        for (auto more = *between(0, 4); more > 0; --more)
          name +=
              "/" + *rc::gen::element<std::string>("base", "5", "..", ".", "", "...", "..x", "a\nb",
                                                   std::string("a\0b", 3), "16384",
                                                   std::string(255, 'x'), std::string(256, 'x'));
        const auto parts = split(name);
        const bool sound =
            name.find('\n') == name.npos && name.find('\0') == name.npos && name.size() <= 4096 &&
            std::ranges::all_of(parts, [](const std::string& part) {
              return !part.empty() && part != "." && part != ".." && part.size() <= 255;
            });
        const bool in_data = parts[0] == "pg_data";
        const bool in_space = parts[0] == "pg_tblspc";
        const auto depth = parts.size();
        const bool space_path = in_space && (depth == 1 || all_digits(parts[1]));
        for (const auto& [place, placed] :
             {std::pair(entry_place::file, (in_data && depth > 1) || (space_path && depth > 2)),
              std::pair(entry_place::path, in_data || space_path),
              std::pair(entry_place::link, in_data && depth > 1)}) {
          RC_ASSERT(is_entry_name(name, place) == (sound && placed));
          RC_ASSERT(bool(check_entry_name(name, place)) == (sound && placed));
          taken += sound && placed ? 1 : 0;
        }
      },
      400);
  CHECK(taken >= 40);
  CHECK_FALSE(is_entry_name("pg_data/" + std::string(4089, 'x'), entry_place::file));
  std::string deep = "pg_data";
  while (deep.size() + 4 <= 4096)
    deep += "/abc";
  CHECK(is_entry_name(deep, entry_place::file));
  CHECK_FALSE(is_entry_name(deep + "/a", entry_place::file) != (deep.size() + 2 <= 4096));
}

TEST_CASE(
    "reach model: a stanza is two directories, what leads to them is above, all else outside") {
  test::for_all(
      [] {
        const auto stanza = *rc::gen::element<std::string>("a", "archive", "demo");
        std::vector<std::string> parts;
        for (auto more = *between(0, 4); more > 0; --more)
          parts.push_back(
              *rc::gen::element<std::string>("archive", "backup", "a", "demo", "b", "latest"));
        std::string path;
        for (const auto& part : parts)
          path += (path.empty() ? "" : "/") + part;
        const bool top = parts.empty() || parts[0] == "archive" || parts[0] == "backup";
        const auto wanted = !top                 ? reach::outside
                            : parts.size() < 2   ? reach::above
                            : parts[1] == stanza ? reach::inside
                                                 : reach::outside;
        RC_ASSERT((reach_of(path, stanza) == wanted));
      },
      200);
}

TEST_CASE("reach model: paths that we make are inside, and files lead to one place each") {
  const std::string stanza = "demo";
  const std::string label = "20261121-231250F_20270101-000000I";
  for (const auto& path :
       {archive_path(stanza), backup_path(stanza), archive_info_path(stanza),
        backup_info_path(stanza), label_path(stanza, label), manifest_path_of(stanza, label),
        wal_directory(stanza, "15-1", "000000010000000000000009"),
        wal_history_path(stanza, "15-1", "00000002.history"), bundle_path(stanza, label, 7),
        data_file_path(stanza, label, "pg_data/x", compress_type::gz),
        history_manifest_path(stanza, label)}) {
    CAPTURE(path);
    CHECK(reach_of(path, stanza) == reach::inside);
    CHECK(reach_of(path, "other") == reach::outside);
    CHECK(is_info_path(path) ==
          (path == archive_info_path(stanza) || path == backup_info_path(stanza)));
  }
}

TEST_CASE("printable model: nothing but printable ASCII, which stands for one text only") {
  test::for_all(
      [] {
        test::hostile("control characters and line feeds");
        const auto text = *rc::gen::arbitrary<std::string>();
        const auto shown = printable(text);
        RC_ASSERT(std::ranges::all_of(shown, [](char c) { return c >= ' ' && c < 0x7f; }));
        std::string back;
        for (size_t i = 0; i < shown.size(); ++i)
          if (shown[i] == '\\' && shown.compare(i, 2, "\\x") == 0 && text[back.size()] != '\\') {
            back += static_cast<char>(std::stoi(shown.substr(i + 2, 2), nullptr, 16));
            i += 3;
          } else {
            back += shown[i];
          }
        RC_ASSERT(back == text.substr(0, 256));
      },
      200);
  CHECK(printable(std::string(256, 'x')) == std::string(256, 'x'));
  CHECK(printable(std::string(257, 'x')) == std::string(256, 'x') + "...");
}

TEST_CASE("text arena: what is kept stays, whatever comes after it and wherever it moves") {
  test::for_all(
      [] {
        text_arena arena;
        std::vector<std::pair<std::string, std::string_view>> kept;
        const auto keep = [&](text_arena& in) {
          for (auto more = *between(0, 40); more > 0; --more) {
            const auto length =
                *rc::gen::oneOf(between<size_t>(0, 20), between<size_t>(60'000, 70'000));
            std::string text(length, static_cast<char>('a' + more % 26));
            const auto view = in.keep(text);
            kept.emplace_back(std::move(text), view);
          }
        };
        keep(arena);
        text_arena moved = std::move(arena);
        keep(moved);
        for (const auto& [text, view] : kept)
          RC_ASSERT((view == text));
      },
      30);
}

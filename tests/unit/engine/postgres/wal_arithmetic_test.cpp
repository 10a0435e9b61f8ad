// Names of WAL files against plain arithmetic: a segment is so many bytes of one long row.
// SPDX-License-Identifier: MIT
#include "engine/postgres/wal_name.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/generators.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <regex>

using namespace pgbraid;
using namespace pgbraid::postgres;
using test::between;

namespace {

rc::Gen<uint32_t> any_segment_bytes() {
  return rc::gen::map(between(20, 30), [](int power) { return uint32_t{1} << power; });
}

/// A name by PostgreSQL's macro XLogFileName.
std::string name_of(uint32_t timeline, uint64_t number, uint32_t segment_bytes) {
  const uint64_t per_log = 0x100000000 / segment_bytes;
  return test::hex_digits(timeline, 8) + test::hex_digits(number / per_log, 8) +
         test::hex_digits(number % per_log, 8);
}

} // namespace

TEST_CASE("wal arithmetic: the segment of a location, and where it begins") {
  test::for_all(
      [] {
        const auto bytes = *any_segment_bytes();
        const auto location = *test::any_number();
        const auto timeline = *rc::gen::arbitrary<uint32_t>();
        const auto name = segment_name(timeline, location, bytes);
        RC_ASSERT(name == name_of(timeline, location / bytes, bytes));
        RC_ASSERT(is_segment_name(name));
        RC_ASSERT(is_wal_directory_name(name.substr(0, 16)));
        RC_ASSERT(timeline_of(name) == timeline);
        const auto start = *segment_start(name, bytes);
        RC_ASSERT(start <= location);
        RC_ASSERT(location - start < bytes);
        RC_ASSERT(start % bytes == 0U);
      },
      200);
}

TEST_CASE("wal arithmetic: neighbours are neighbours, in names as in bytes") {
  test::for_all(
      [] {
        const auto bytes = *any_segment_bytes();
        const auto number = *test::any_number() / bytes;
        RC_PRE(number < UINT64_MAX / bytes);
        const auto timeline = *rc::gen::arbitrary<uint32_t>();
        const auto name = name_of(timeline, number, bytes);
        const auto next = next_segment(name, bytes);
        RC_ASSERT(next == name_of(timeline, number + 1, bytes));
        RC_ASSERT(prior_segment(next, bytes) == name);
        RC_ASSERT(name < next); // Archives are sorted by name.
        RC_ASSERT(*segment_start(next, bytes) == *segment_start(name, bytes) + bytes);
      },
      200);
}

TEST_CASE("wal arithmetic: from one location to another, each segment once and in order") {
  test::for_all([] {
    const auto bytes = *any_segment_bytes();
    const auto begin = *between<uint64_t>(0, uint64_t{1} << 40);
    const auto end = begin + *between<uint64_t>(0, uint64_t{bytes} * 20);
    const auto names = segments_between(3, begin, end, bytes);
    RC_ASSERT(!names.empty());
    RC_ASSERT(names.front() == segment_name(3, begin, bytes));
    // The last byte that was written is the one before the end.
    RC_ASSERT(names.back() == segment_name(3, end > begin ? end - 1 : begin, bytes));
    for (size_t i = 1; i < names.size(); ++i)
      RC_ASSERT(names[i] == next_segment(names[i - 1], bytes));
    RC_ASSERT(segments_between(3, begin, end, bytes, names.size()) == names);
    RC_ASSERT(segments_between(3, begin, end, bytes, names.size() - 1).empty());
    if (begin > 0)
      RC_ASSERT(segments_between(3, begin, begin - 1, bytes).empty());
  });
}

TEST_CASE("wal arithmetic: locations are two halves in hexadecimal") {
  test::for_all([] {
    const auto location = *test::any_number();
    const auto text = format_lsn(location);
    RC_ASSERT(text == fmt::format("{:X}/{:X}", location >> 32, location & 0xFFFFFFFF));
    RC_ASSERT(*parse_lsn(text) == location);
    // PostgreSQL reads small letters, too, and zeros before.
    RC_ASSERT(*parse_lsn(fmt::format("{:08x}/{:08x}", location >> 32, location & 0xFFFFFFFF)) ==
              location);
  });
  static const std::regex shape("0*[0-9a-fA-F]{1,8}/0*[0-9a-fA-F]{1,8}");
  test::for_all(
      [] {
        test::hostile("random damage and noise");
        const auto text = *test::text_of("01fFgx/-+ \n", 7);
        RC_ASSERT(bool(parse_lsn(text)) == std::regex_match(text, shape));
      },
      400);
}

TEST_CASE("wal arithmetic: which name is what, against the shapes of PostgreSQL's documentation") {
  const std::vector<std::pair<bool (*)(std::string_view), std::regex>> kinds{
      {is_segment_name, std::regex("[0-9A-F]{24}")},
      {is_segment_or_partial_name, std::regex("[0-9A-F]{24}(\\.partial)?")},
      {is_wal_directory_name, std::regex("[0-9A-F]{16}")},
      {is_history_name, std::regex("[0-9A-F]{8}\\.history")},
      {is_backup_history_name, std::regex("[0-9A-F]{24}\\.[0-9A-F]{8}\\.backup")}};
  int named = 0;
  test::for_all(
      [&] {
        test::hostile("WAL segments");
        auto name = *rc::gen::element<std::string>(
            "000000010000000A000000FF", "000000010000000A000000FF.partial", "000000010000000A",
            "0000000A.history", "000000010000000A000000FF.00000028.backup");
        if (*between(0, 2) != 0) {
          const auto at = *between<size_t>(0, name.size() - 1);
          const auto other = *rc::gen::elementOf(std::string("0Aag./ \n"));
          switch (*between(0, 2)) {
          case 0:
            name.erase(at, 1);
            break;
          case 1:
            name[at] = other;
            break;
          default:
            name.insert(at, 1, other);
          }
        }
        for (const auto& [is, shape] : kinds) {
          const bool wanted = std::regex_match(name, shape);
          RC_ASSERT(is(name) == wanted);
          named += wanted ? 1 : 0;
        }
      },
      400);
  CHECK(named >= 100);
}

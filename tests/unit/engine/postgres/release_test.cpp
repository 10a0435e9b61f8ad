// Each release: control files and WAL headers by the table of engine/format/README.md, section 13.
// SPDX-License-Identifier: MIT
#include "engine/codec/crc32c.hpp"
#include "engine/postgres/control_file.hpp"
#include "engine/postgres/version.hpp"
#include "engine/postgres/wal_header.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/generators.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <set>

using namespace pgbraid;
using namespace pgbraid::postgres;
using test::between;

namespace {

struct row {
  const char* name;
  uint32_t server_version; ///< of some minor release
  uint32_t control;
  uint32_t catalog;
  size_t crc;
  size_t timeline;
  size_t page_size;
  size_t segment_size;
  size_t checksums;
  uint16_t magic;
};

constexpr row table[] = {
    {"9.6", 90624, 960, 201608131, 256, 56, 216, 228, 252, 0xD093},
    {"10", 100023, 1002, 201707211, 288, 56, 216, 228, 252, 0xD097},
    {"11", 110022, 1100, 201809051, 280, 48, 208, 220, 244, 0xD098},
    {"12", 120022, 1201, 201909212, 288, 48, 216, 228, 252, 0xD101},
    {"13", 130000, 1300, 202007201, 288, 48, 216, 228, 252, 0xD106},
    {"14", 140018, 1300, 202107181, 288, 48, 216, 228, 252, 0xD10D},
    {"15", 150013, 1300, 202209061, 288, 48, 216, 228, 252, 0xD110},
    {"16", 160009, 1300, 202307071, 288, 48, 216, 228, 252, 0xD113},
    {"17", 170005, 1700, 202406281, 288, 48, 216, 228, 252, 0xD116},
    {"18", 180000, 1800, 202506291, 292, 48, 216, 228, 252, 0xD118},
};

using bytes = std::vector<std::byte>;

template <class T> void put(bytes& to, size_t offset, T value) {
  std::memcpy(to.data() + offset, &value, sizeof value);
}

void seal(bytes& control, const row& of) {
  put(control, of.crc, codec::crc32c(byte_view(control).first(of.crc)));
}

/// A control file of a release; what is not known is noise.
bytes control_of(const row& of, uint32_t page_bytes = 8192, uint32_t segment_bytes = 1 << 24) {
  bytes out(control_file_padded_bytes);
  for (size_t i = 0; i < control_file_bytes; ++i)
    out[i] = static_cast<std::byte>(i * 37 + 11);
  put<uint64_t>(out, 0, 7710766669200556640);
  put<uint32_t>(out, 8, of.control);
  put<uint32_t>(out, 12, of.catalog);
  put<uint64_t>(out, 32, 0x16B374D848);
  put<uint32_t>(out, of.timeline, 7);
  put<uint32_t>(out, of.page_size, page_bytes);
  put<uint32_t>(out, of.segment_size, segment_bytes);
  put<uint32_t>(out, of.checksums, 1);
  seal(out, of);
  return out;
}

} // namespace

TEST_CASE("release: the table has each of them, and no other") {
  CHECK(known_releases().size() == std::size(table));
  std::set<version_number> versions;
  for (const auto& of : table) {
    CAPTURE(of.name);
    const auto* known = find_release_by_control(of.control, of.catalog);
    REQUIRE(known != nullptr);
    CHECK(known->name == of.name);
    CHECK(known == find_release_by_name(of.name));
    CHECK(known == find_release_by_wal_magic(of.magic));
    CHECK(known == find_release(known->version));
    CHECK(major_version(of.server_version) == known->version);
    CHECK(version_name(known->version) == of.name);
    CHECK(versions.insert(known->version).second);
    // A catalog of a beta is that of no release.
    CHECK(find_release_by_control(of.control, of.catalog - 1) == nullptr);
  }
}

TEST_CASE("release: control files, field by field") {
  for (const auto& of : table) {
    CAPTURE(of.name);
    const auto file = parse_control_file(control_of(of));
    REQUIRE(file);
    CHECK(version_name(file->version) == of.name);
    CHECK(file->system_id == 7710766669200556640);
    CHECK(file->control_version == of.control);
    CHECK(file->catalog_version == of.catalog);
    CHECK(file->checkpoint_lsn == 0x16B374D848);
    CHECK(file->timeline == 7);
    CHECK(file->page_size_bytes == 8192);
    CHECK(file->wal_segment_bytes == 1 << 24);
    CHECK(file->has_page_checksums());
    CHECK_FALSE(file->checkpoint_is_invalid());
  }
}

TEST_CASE(
    "release: each changed bit of a control file is found, and what lies behind means nothing") {
  for (const auto& of : table) {
    CAPTURE(of.name);
    const auto good = control_of(of);
    for (size_t at = 0; at < of.crc + 4; ++at) {
      test::hostile("random damage and noise");
      auto bad = good;
      bad[at] ^= std::byte{1} << (at % 8);
      const auto file = parse_control_file(bad);
      REQUIRE_FALSE(file);
      const bool names_release = at >= 8 && at < 16;
      CHECK(file.failure().code == (names_release ? errc::version_not_supported : errc::checksum));
    }
    auto padded = good;
    padded[of.crc + 4] ^= std::byte{1};
    CHECK(parse_control_file(padded));
    CHECK(parse_control_file(byte_view(good).first(control_file_bytes)));
    CHECK_FALSE(parse_control_file(byte_view(good).first(control_file_bytes - 1)));
  }
}

TEST_CASE("release: sizes that PostgreSQL can be built with, and no others") {
  for (const auto& of : table)
    for (int power = 0; power < 32; ++power) {
      CAPTURE(of.name);
      CAPTURE(power);
      const auto size = uint32_t{1} << power;
      CHECK(bool(parse_control_file(control_of(of, size))) == (power >= 10 && power <= 15));
      CHECK(bool(parse_control_file(control_of(of, 8192, size))) == (power >= 20 && power <= 30));
      for (const auto odd : {size + 1, size * 3}) {
        if ((odd & (odd - 1)) == 0)
          continue; // 1 + 1, and what is too large for 32 bits
        test::hostile("random damage and noise");
        CHECK(parse_control_file(control_of(of, odd)).failure().code == errc::format);
        CHECK(parse_control_file(control_of(of, 8192, odd)).failure().code == errc::format);
      }
    }
}

TEST_CASE("release: a restore changes the checkpoint and its CRC, and not one byte more") {
  for (const auto& of : table) {
    CAPTURE(of.name);
    const auto before = control_of(of);
    auto after = before;
    REQUIRE(invalidate_checkpoint(after));
    for (size_t at = 0; at < after.size(); ++at) {
      const bool may_change = (at >= 32 && at < 40) || (at >= of.crc && at < of.crc + 4);
      if (!may_change)
        REQUIRE(after[at] == before[at]);
    }
    const auto file = parse_control_file(after);
    REQUIRE(file);
    CHECK(file->checkpoint_is_invalid());
    CHECK(file->checkpoint_lsn == 0xDEAD);
    CHECK(file->timeline == 7);
    auto again = after;
    REQUIRE(invalidate_checkpoint(again));
    CHECK(again == after);
  }
  bytes unknown(control_file_padded_bytes);
  CHECK_FALSE(invalidate_checkpoint(unknown));
  CHECK(unknown == bytes(control_file_padded_bytes));
}

TEST_CASE("release: WAL headers, field by field, and each of them broken") {
  for (const auto& of : table)
    test::for_all(
        [&] {
          bytes header(wal_header_bytes + 100, std::byte{0xEE});
          const auto timeline = *rc::gen::arbitrary<uint32_t>();
          const auto address = *test::any_number();
          const auto system_id = *test::any_number();
          const auto segment_bytes = uint32_t{1} << *between(20, 30);
          put<uint16_t>(header, 0, of.magic);
          const auto flags = static_cast<uint16_t>(*between(0, 15) | 2);
          put<uint16_t>(header, 2, flags);
          put<uint32_t>(header, 4, timeline);
          put<uint64_t>(header, 8, address);
          put<uint64_t>(header, 24, system_id);
          put<uint32_t>(header, 32, segment_bytes);
          put<uint32_t>(header, 36, 8192);
          const auto read = parse_wal_header(header);
          RC_ASSERT(bool(read));
          RC_ASSERT(version_name(read->version) == of.name);
          RC_ASSERT(read->timeline == timeline);
          RC_ASSERT(read->page_address == address);
          RC_ASSERT(read->system_id == system_id);
          RC_ASSERT(read->segment_bytes == segment_bytes);
          RC_ASSERT(read->page_bytes == 8192U);
          test::hostile("WAL segments", 4);
          const auto code_of = [](const bytes& broken, size_t length = 140) {
            const auto other = parse_wal_header(byte_view(broken).first(length));
            return other ? errc{} : other.failure().code;
          };
          RC_ASSERT((code_of(header, wal_header_bytes - 1) == errc::format));
          auto broken = header;
          put<uint16_t>(broken, 2, static_cast<uint16_t>(flags & ~2));
          RC_ASSERT((code_of(broken) == errc::format));
          broken = header;
          put<uint16_t>(broken, 0, static_cast<uint16_t>(of.magic + 1));
          RC_ASSERT((find_release_by_wal_magic(static_cast<uint16_t>(of.magic + 1)) != nullptr ||
                     code_of(broken) == errc::version_not_supported));
          broken = header;
          put<uint32_t>(broken, 32, *rc::gen::element(0U, 1U << 19, 1U << 31, segment_bytes + 1));
          RC_ASSERT((code_of(broken) == errc::format));
        },
        20);
}

TEST_CASE("release: names of versions are read as they are written, also of releases to come") {
  for (const auto& of : table)
    CHECK(*parse_version(of.name) == find_release_by_name(of.name)->version);
  CHECK(version_name(major_version(190001)) == "19");
  CHECK(version_name(major_version(90524)) == "9.5");
  for (const auto* bad : {"", "9", "9.6.1", "015", "15 ", " 15", "1.5", "150000", "x"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_version(bad));
  }
}

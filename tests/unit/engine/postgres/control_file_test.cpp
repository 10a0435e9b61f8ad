// Tests of reading and changing global/pg_control.
// SPDX-License-Identifier: MIT
#include "engine/codec/crc32c.hpp"
#include "engine/postgres/control_file.hpp"

#include <doctest/doctest.h>

#include <cstring>

using namespace pgbraid;
using namespace pgbraid::postgres;

namespace {

struct sample {
  std::vector<std::byte> bytes = std::vector<std::byte>(control_file_padded_bytes);

  template <class T> void put(size_t offset, T value) {
    std::memcpy(bytes.data() + offset, &value, sizeof value);
  }
  void seal(size_t crc_at) { put(crc_at, codec::crc32c(byte_view(bytes).first(crc_at))); }
};

/// The offsets are those of the C structures of each release, independent of the table under test.
sample sample_of_15() {
  sample made;
  made.put<uint64_t>(0, 7710766669200556640U);
  made.put<uint32_t>(8, 1300);
  made.put<uint32_t>(12, 202209061);
  made.put<uint64_t>(32, 0x4000060);
  made.put<uint32_t>(48, 3);
  made.put<uint32_t>(216, 8192);
  made.put<uint32_t>(224, 8192);
  made.put<uint32_t>(228, 16 << 20);
  made.put<uint32_t>(252, 1);
  made.seal(288);
  return made;
}

} // namespace

TEST_CASE("control_file: reads the fields of PostgreSQL 15") {
  const auto file = parse_control_file(sample_of_15().bytes);
  REQUIRE(file);
  CHECK(file->version == 150000);
  CHECK(file->system_id == 7710766669200556640U);
  CHECK(file->control_version == 1300);
  CHECK(file->catalog_version == 202209061);
  CHECK(file->checkpoint_lsn == 0x4000060);
  CHECK(file->timeline == 3);
  CHECK(file->page_size_bytes == 8192);
  CHECK(file->wal_segment_bytes == 16 << 20);
  CHECK(file->has_page_checksums());
  CHECK(!file->checkpoint_is_invalid());
}

TEST_CASE("control_file: the layout follows the release") {
  sample made;
  made.put<uint64_t>(0, 42);
  made.put<uint32_t>(8, 1002);
  made.put<uint32_t>(12, 201707211);
  made.put<uint32_t>(56, 7);
  made.put<uint32_t>(216, 8192);
  made.put<uint32_t>(228, 1 << 20);
  made.seal(288);
  const auto file = parse_control_file(made.bytes);
  REQUIRE(file);
  CHECK(file->version == 100000);
  CHECK(file->timeline == 7);
  CHECK(!file->has_page_checksums());
}

TEST_CASE("control_file: broken and strange files are refused, each with its code") {
  auto made = sample_of_15();
  const auto code_of = [](byte_view bytes) {
    const auto file = parse_control_file(bytes);
    REQUIRE(!file);
    return file.failure().code;
  };
  CHECK(code_of(byte_view(made.bytes).first(511)) == errc::file_invalid);
  CHECK(code_of({}) == errc::file_invalid);

  made.put<uint8_t>(100, 1);
  CHECK(code_of(made.bytes) == errc::checksum);

  made = sample_of_15();
  made.put<uint32_t>(12, 209901011);
  made.seal(288);
  CHECK(code_of(made.bytes) == errc::version_not_supported);

  for (const uint32_t size : {0U, 1000U, 65536U}) {
    made = sample_of_15();
    made.put<uint32_t>(216, size);
    made.seal(288);
    CHECK(code_of(made.bytes) == errc::format);
  }
  for (const uint32_t size : {0U, 3U << 20, 2U << 30}) {
    made = sample_of_15();
    made.put<uint32_t>(228, size);
    made.seal(288);
    CHECK(code_of(made.bytes) == errc::format);
  }
  made = sample_of_15();
  made.put<uint32_t>(252, 2);
  made.seal(288);
  CHECK(code_of(made.bytes) == errc::format);
}

TEST_CASE("control_file: an invalidated one is still valid, but for its checkpoint") {
  auto made = sample_of_15();
  REQUIRE(invalidate_checkpoint(made.bytes));
  const auto file = parse_control_file(made.bytes);
  REQUIRE(file);
  CHECK(file->checkpoint_is_invalid());
  CHECK(file->system_id == 7710766669200556640U);
  CHECK(std::to_integer<int>(made.bytes[32]) == 0xAD);
  CHECK(std::to_integer<int>(made.bytes[33]) == 0xDE);
}

TEST_CASE("control_file: padding keeps 512 bytes and fills with zeros") {
  auto made = sample_of_15();
  made.put<uint8_t>(511, 1);
  made.put<uint8_t>(512, 1);
  const auto padded = padded_control_file(made.bytes);
  REQUIRE(padded.size() == 8192);
  CHECK(std::to_integer<int>(padded[511]) == 1);
  CHECK(std::to_integer<int>(padded[512]) == 0);
  CHECK(padded_control_file({}).size() == 8192);
}

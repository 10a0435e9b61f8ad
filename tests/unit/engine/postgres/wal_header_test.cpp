// Tests of reading the header of a WAL segment.
// SPDX-License-Identifier: MIT
#include "engine/postgres/wal_header.hpp"
#include "tests/hostile.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstring>

using namespace pgbraid;
using namespace pgbraid::postgres;

namespace {

struct sample {
  std::array<std::byte, wal_header_bytes> bytes{};
  sample() {
    put<uint16_t>(0, 0xD116);
    put<uint16_t>(2, 0x0002);
    put<uint32_t>(4, 2);
    put<uint64_t>(8, 0x3000000);
    put<uint64_t>(24, 6863010529494738412U);
    put<uint32_t>(32, 16 << 20);
    put<uint32_t>(36, 8192);
  }
  template <class T> void put(size_t offset, T value) {
    std::memcpy(bytes.data() + offset, &value, sizeof value);
  }
};

errc code_of(byte_view bytes) {
  test::hostile("WAL segments");
  const auto header = parse_wal_header(bytes);
  REQUIRE(!header);
  return header.failure().code;
}

} // namespace

TEST_CASE("wal_header: reads version, system and sizes") {
  const auto header = parse_wal_header(sample().bytes);
  REQUIRE(header);
  CHECK(header->version == 170000);
  CHECK(header->timeline == 2);
  CHECK(header->page_address == 0x3000000);
  CHECK(header->system_id == 6863010529494738412U);
  CHECK(header->segment_bytes == 16 << 20);
  CHECK(header->page_bytes == 8192);
}

TEST_CASE("wal_header: refuses what is no segment") {
  sample made;
  CHECK(code_of(byte_view(made.bytes).first(39)) == errc::format);
  CHECK(code_of({}) == errc::format);
  made.put<uint16_t>(2, 0);
  CHECK(code_of(made.bytes) == errc::format);
  made = {};
  made.put<uint32_t>(32, 12345);
  CHECK(code_of(made.bytes) == errc::format);
  made = {};
  made.put<uint16_t>(0, 777);
  CHECK(code_of(made.bytes) == errc::version_not_supported);
  CHECK(parse_wal_header(made.bytes).failure().message == "unexpected WAL magic 777");
}

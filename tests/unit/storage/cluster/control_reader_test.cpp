// pg_control is read until it is whole, or stays torn.
// SPDX-License-Identifier: MIT
#include "engine/codec/crc32c.hpp"
#include "storage/cluster/control_reader.hpp"
#include "storage/driver/memory/memory_storage.hpp"
#include "tests/unit/engine/base/manual_clock.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <string>

using namespace pgbraid;

namespace {

/// Of PostgreSQL 15, with another checkpoint location each (offsets of its C structure).
std::string control_at(uint64_t checkpoint) {
  std::string out(8192, '\0');
  const auto put = [&](size_t offset, auto value) {
    std::memcpy(out.data() + offset, &value, sizeof value);
  };
  put(0, uint64_t{77});
  put(8, uint32_t{1300});
  put(12, uint32_t{202209061});
  put(32, checkpoint);
  put(48, uint32_t{1});
  put(216, uint32_t{8192});
  put(224, uint32_t{8192});
  put(228, uint32_t{16 << 20});
  put(288, codec::crc32c(as_bytes(out).first(288)));
  return out;
}

/// The beginning of one and the end of another.
std::string torn(uint64_t older, uint64_t newer) {
  return control_at(newer).substr(0, 100) + control_at(older).substr(100);
}

constexpr auto path = "global/pg_control";

} // namespace

TEST_CASE("control reader: a file that the server is writing is read again until it is whole") {
  memory_storage files("/pg", memory_storage::everything());
  int reads = 1;
  const manual_clock clock([&] {
    ++reads;
    REQUIRE(write_all(files, path,
                      reads < 4 ? torn(0x3000060, 0x4000060 + reads) : control_at(0x5000060)));
  });
  REQUIRE(write_all(files, path, torn(0x3000060, 0x4000060)));
  const auto loaded = read_control(files, path);
  REQUIRE(loaded);
  CHECK(loaded->fields.checkpoint_lsn == 0x5000060);
  CHECK(reads == 4);
}

TEST_CASE("control reader: what stays torn is an error at the second look") {
  memory_storage files("/pg", memory_storage::everything());
  int sleeps = 0;
  const manual_clock clock([&] { ++sleeps; });
  REQUIRE(write_all(files, path, torn(0x3000060, 0x4000060)));
  const auto loaded = read_control(files, path);
  REQUIRE_FALSE(loaded);
  CHECK(loaded.failure().code == errc::checksum);
  CHECK(loaded.failure().message.find("/pg/global/pg_control") != std::string::npos);
  CHECK(sleeps == 1);
}

TEST_CASE("control reader: one that is always another one ends, too") {
  memory_storage files("/pg", memory_storage::everything());
  uint64_t number = 9;
  const manual_clock clock([&] { REQUIRE(write_all(files, path, torn(1, ++number))); });
  REQUIRE(write_all(files, path, torn(1, 5)));
  const auto loaded = read_control(files, path);
  REQUIRE_FALSE(loaded);
  CHECK(loaded.failure().code == errc::checksum);
  CHECK(clock.passed() >= std::chrono::seconds(1));
  CHECK(clock.passed() < std::chrono::minutes(1));
}

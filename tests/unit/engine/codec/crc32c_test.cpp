// CRC-32C against published values.
// SPDX-License-Identifier: MIT
#include "engine/codec/crc32c.hpp"
#include "tests/unit/engine/codec/rig.hpp"

using namespace pgbraid;
using namespace pgbraid::codec;

TEST_CASE("crc32c: knows the check value and the examples of RFC 3720, B.4") {
  for (bool accelerated : {true, false}) {
    CHECK(crc32c(as_bytes("123456789"), 0, accelerated) == 0xe3069283);
    rig::bytes block(32);
    CHECK(crc32c(block, 0, accelerated) == 0x8a9136aa);
    std::fill(block.begin(), block.end(), std::byte{0xff});
    CHECK(crc32c(block, 0, accelerated) == 0x62a8ab43);
    for (size_t i = 0; i < block.size(); ++i)
      block[i] = static_cast<std::byte>(i);
    CHECK(crc32c(block, 0, accelerated) == 0x46dd794e);
    CHECK(crc32c({}, 0, accelerated) == 0);
  }
}

TEST_CASE("crc32c: parts add up, and both ways agree") {
  rig::random from(1);
  for (size_t length = 0; length < 100; ++length) {
    const auto data = rig::noise(from, length);
    const auto whole = crc32c(data, 0, false);
    CHECK(crc32c(data, 0, true) == whole);
    const auto border = rig::pick(from, 0, length);
    const auto view = byte_view(data);
    CHECK(crc32c(view.subspan(border), crc32c(view.first(border))) == whole);
  }
}

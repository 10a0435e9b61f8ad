// A queue of bytes.
// SPDX-License-Identifier: MIT
#include "engine/link/byte_queue.hpp"
#include "tests/unit/engine/link/rig.hpp"

#include <random>

using namespace pgbraid;
using namespace pgbraid::test;

TEST_CASE("byte queue: gives back what went in, however it is cut") {
  const auto all = pattern(3 << 20);
  std::mt19937 from(7);
  link::byte_queue queue;
  std::string out;
  for (size_t put = 0; out.size() < all.size();) {
    const auto in = std::min<size_t>(from() % (from() % 2 == 0 ? 100 : 200000), all.size() - put);
    queue.append(as_bytes(std::string_view(all).substr(put, in)));
    put += in;
    std::string piece(from() % 150000, '\0');
    piece.resize(queue.take(std::as_writable_bytes(std::span(piece))));
    out += piece;
    REQUIRE(queue.size() == put - out.size());
  }
  CHECK((out == all));
  CHECK(queue.empty());
}

TEST_CASE("byte queue: empty, cleared, and used again") {
  link::byte_queue queue;
  std::array<std::byte, 4> room{};
  CHECK(queue.take(room) == 0);
  queue.append(as_bytes("abcdef"));
  CHECK(queue.take(room) == 4);
  queue.clear();
  CHECK(queue.take(room) == 0);
  queue.append(as_bytes("xy"));
  CHECK(queue.take(room) == 2);
  CHECK(as_text(byte_view(room).first(2)) == "xy");
}

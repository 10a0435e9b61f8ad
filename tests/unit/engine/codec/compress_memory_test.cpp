// Tests that compression takes no more memory than the ceiling of a graph counts for it.
// SPDX-License-Identifier: MIT
#include "engine/codec/compress_memory.hpp"
#include "engine/codec/framed.hpp"
#include "tests/unit/engine/codec/rig.hpp"

#include <malloc.h>

using namespace pgbraid;
using namespace pgbraid::codec;

namespace {

size_t allocated_bytes() {
  const auto now = ::mallinfo2();
  return now.uordblks + now.hblkhd;
}

/// What a kernel holds whose streams were all given a whole piece, and no room for its frame.
size_t held_bytes(compress_type type, int level, const compress_options& with, size_t files,
                  byte_view piece) {
  std::vector<std::byte> room(piece.size());
  const auto before = allocated_bytes();
  auto kernel = make_compress(type, level, with);
  REQUIRE(kernel);
  std::vector<std::unique_ptr<stream>> streams;
  for (size_t i = 0; i < files; ++i)
    streams.push_back((*kernel)->open());
  for (auto& one : streams) {
    job step{.state = one.get(), .in = piece, .out = byte_span(room).first(1000)};
    (*kernel)->run({&step, 1});
    CHECK_FALSE(step.failure);
  }
  return allocated_bytes() - before;
}

} // namespace

TEST_CASE("compress: each level of each type takes no more memory than is counted") {
  if (allocated_bytes() == 0)
    return; // sanitizers allocate themselves
  constexpr size_t files = 4;
  rig::random from(7);
  const auto piece = rig::noise(from, frame_piece_bytes);
  for (const auto type :
       {compress_type::gz, compress_type::lz4, compress_type::zst, compress_type::bz2})
    for (const auto engine : {gz_engine::automatic, gz_engine::zlib})
      for (int level = levels_of(type).low; level <= levels_of(type).high; ++level) {
        CAPTURE(compress_type_name(type));
        CAPTURE(level);
        const auto counted = memory_of(type, level);
        const auto sum = counted.kernel_bytes + files * counted.stream_bytes;
        const auto held = held_bytes(type, level, {.engine = engine}, files, piece);
        CHECK(held <= sum);
        CHECK(sum <= 3 * held); // nothing is counted that is far from what it takes
      }
}

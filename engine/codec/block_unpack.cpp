// Unpacking super blocks, one after the other.
// SPDX-License-Identifier: MIT
#include "engine/codec/block_unpack.hpp"

#include "engine/codec/aes.hpp"
#include "engine/codec/codecs.hpp"
#include "engine/codec/compress.hpp"
#include "engine/codec/step_pair.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace pgbraid::codec {

namespace {

error wrong_size(uint64_t plain_bytes, std::string_view how) {
  return {errc::format,
          fmt::format("a super block of {} bytes unpacks to {} than that", plain_bytes, how)};
}

} // namespace

struct block_unpack_kernel::unpacking final : stream {
  unpacking(super_block_source from, kernel* decrypt, kernel* decompress)
      : source(std::move(from)), steps(decrypt, decompress) {}

  super_block_source source;
  std::optional<super_block> now; ///< sizes are what is left of it
  uint64_t whole_bytes = 0;       ///< its plain size
  step_pair steps;
  bool ended = false; ///< the last step of it gave its last byte
};

block_unpack_kernel::block_unpack_kernel(compress_type type, std::string_view passphrase)
    : decrypt_(passphrase.empty() ? nullptr : make_decrypt(passphrase, true)),
      decompress_(make_decompress(type, true)) {}

block_unpack_kernel::~block_unpack_kernel() = default;

std::unique_ptr<stream> block_unpack_kernel::open() {
  return open([] { return std::optional<super_block>(); });
}

std::unique_ptr<stream> block_unpack_kernel::open(super_block_source from) {
  return std::make_unique<unpacking>(std::move(from), decrypt_.get(), decompress_.get());
}

void block_unpack_kernel::run(std::span<job> jobs) {
  for (auto& one : jobs)
    one.failure = advance(static_cast<unpacking&>(*one.state), one);
}

std::optional<error> block_unpack_kernel::advance(unpacking& at, job& of) {
  while (true) {
    if (!at.now) {
      at.now = at.source();
      if (!at.now) {
        if (!of.in.empty())
          return error{errc::format, "there is something behind the last super block"};
        of.finished = of.last;
        return std::nullopt;
      }
      at.whole_bytes = at.now->plain_bytes;
      at.ended = false;
      at.steps.begin();
    }
    const auto skipped = static_cast<size_t>(std::min<uint64_t>(at.now->skip_bytes, of.in.size()));
    of.in = of.in.subspan(skipped);
    at.now->skip_bytes -= skipped;
    if (at.now->skip_bytes == 0)
      if (auto failed = unpack(at, of))
        return failed;
    if (at.ended) {
      at.now.reset();
      continue;
    }
    if (of.in.empty() && of.last && !at.steps.is_waiting() && !of.out.empty())
      return truncated_input();
    return std::nullopt;
  }
}

/// Makes as much of one super block as there is input and room for.
std::optional<error> block_unpack_kernel::unpack(unpacking& at, job& of) {
  auto& left = *at.now;
  while (!at.ended) {
    const auto stored = static_cast<size_t>(std::min<uint64_t>(left.stored_bytes, of.in.size()));
    window from = window_of(of.in.first(stored), stored == left.stored_bytes);
    if (!from.fresh && !at.steps.is_waiting())
      return std::nullopt;
    // What is made beyond its size must be seen, so there is room for a byte of that.
    std::array<std::byte, 1> beyond;
    const bool full = left.plain_bytes == 0;
    const auto room = full ? byte_span(beyond)
                           : of.out.first(static_cast<size_t>(
                                 std::min<uint64_t>(of.out.size(), left.plain_bytes)));
    if (room.empty())
      return std::nullopt;
    window made;
    const auto waiting = at.steps.waiting_bytes();
    if (auto stepped = at.steps.step(from, room, made); !stepped)
      return stepped.failure();
    const auto taken = stored - from.bytes.size();
    of.in = of.in.subspan(taken);
    left.stored_bytes -= taken;
    if (full && !made.bytes.empty())
      return wrong_size(at.whole_bytes, "more");
    if (!full) {
      of.out = of.out.subspan(made.bytes.size());
      left.plain_bytes -= made.bytes.size();
    }
    at.ended = made.last;
    const bool moved = taken != 0 || waiting != at.steps.waiting_bytes() || made.fresh;
    if (!moved)
      return std::nullopt;
  }
  if (left.stored_bytes != 0)
    return trailing_input();
  if (left.plain_bytes != 0)
    return wrong_size(at.whole_bytes, "less");
  return std::nullopt;
}

compress_memory memory_of_block_unpack() {
  return {.stream_bytes = step_pair::between_bytes};
}

} // namespace pgbraid::codec

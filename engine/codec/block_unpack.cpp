// Unpacking super blocks, one after the other.
// SPDX-License-Identifier: MIT
#include "engine/codec/block_unpack.hpp"

#include "engine/codec/aes.hpp"
#include "engine/codec/codecs.hpp"
#include "engine/codec/compress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <vector>

namespace pgbraid::codec {

namespace {

/// Decrypted bytes on their way to the decompressor.
constexpr size_t between_bytes = size_t{64} << 10;

error wrong_size(uint64_t plain_bytes, std::string_view how) {
  return {errc::format,
          fmt::format("a super block of {} bytes unpacks to {} than that", plain_bytes, how)};
}

} // namespace

struct block_unpack_kernel::unpacking final : stream {
  super_block_source source;
  std::optional<super_block> now; ///< sizes are what is left of it
  uint64_t whole_bytes = 0;       ///< its plain size
  std::unique_ptr<stream> decrypting;
  std::unique_ptr<stream> decompressing;
  std::vector<std::byte> room; ///< between both
  window between;
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
  auto out = std::make_unique<unpacking>();
  out->source = std::move(from);
  if (decrypt_ && decompress_)
    out->room.resize(between_bytes);
  return out;
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
      at.between = {};
      at.decrypting = decrypt_ ? decrypt_->open() : nullptr;
      at.decompressing = decompress_ ? decompress_->open() : nullptr;
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
    if (of.in.empty() && of.last && !at.between.fresh && !of.out.empty())
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
    if (!from.fresh && !at.between.fresh)
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
    const auto waiting = at.between.bytes.size();
    if (auto stepped = step(at, from, room, made); !stepped)
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
    const bool moved = taken != 0 || waiting != at.between.bytes.size() || made.fresh;
    if (!moved)
      return std::nullopt;
  }
  if (left.stored_bytes != 0)
    return trailing_input();
  if (left.plain_bytes != 0)
    return wrong_size(at.whole_bytes, "less");
  return std::nullopt;
}

result<void> block_unpack_kernel::step(unpacking& at, window& from, byte_span room, window& made) {
  if (!decrypt_ && !decompress_) {
    const auto count = std::min(from.bytes.size(), room.size());
    if (count != 0)
      std::memcpy(room.data(), from.bytes.data(), count);
    from.bytes = from.bytes.subspan(count);
    made = window_of(room.first(count), from.last && from.bytes.empty());
    return success();
  }
  if (!decrypt_ || !decompress_) {
    auto& only = decrypt_ ? *decrypt_ : *decompress_;
    return transform(only, decrypt_ ? *at.decrypting : *at.decompressing, from, room, made);
  }
  if (!at.between.fresh)
    if (auto decrypted = transform(*decrypt_, *at.decrypting, from, at.room, at.between);
        !decrypted)
      return decrypted;
  if (!at.between.fresh)
    return success();
  return transform(*decompress_, *at.decompressing, at.between, room, made);
}

compress_memory memory_of_block_unpack() {
  return {.stream_bytes = between_bytes};
}

} // namespace pgbraid::codec

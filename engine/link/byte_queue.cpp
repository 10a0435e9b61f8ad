// Bytes that wait between two threads, in blocks.
// SPDX-License-Identifier: MIT
#include "engine/link/byte_queue.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace pgbraid::link {

namespace {

constexpr size_t smallest_block_bytes = size_t{1} << 10;
constexpr size_t largest_block_bytes = size_t{64} << 10;

} // namespace

byte_queue::block byte_queue::make_block(size_t wanted) {
  if (wanted >= largest_block_bytes && spare_.bytes)
    return std::exchange(spare_, {});
  const auto room = std::clamp(wanted, smallest_block_bytes, largest_block_bytes);
  // Not make_unique: it would write zeros first.
  return {.bytes = std::unique_ptr<std::byte[]>(new std::byte[room]), .room = room};
}

void byte_queue::append(byte_view in) {
  size_ += in.size();
  while (!in.empty()) {
    if (blocks_.empty() || blocks_.back().end == blocks_.back().room)
      blocks_.push_back(make_block(in.size()));
    auto& last = blocks_.back();
    const auto count = std::min(in.size(), last.room - last.end);
    std::memcpy(last.bytes.get() + last.end, in.data(), count);
    last.end += count;
    in = in.subspan(count);
  }
}

size_t byte_queue::take(byte_span out) {
  const auto asked = out.size();
  while (!out.empty() && !blocks_.empty()) {
    auto& first = blocks_.front();
    const auto count = std::min(out.size(), first.end - first.begin);
    std::memcpy(out.data(), first.bytes.get() + first.begin, count);
    first.begin += count;
    out = out.subspan(count);
    if (first.begin == first.end)
      drop_first();
  }
  size_ -= asked - out.size();
  return asked - out.size();
}

void byte_queue::drop_first() {
  auto& first = blocks_.front();
  if (first.room == largest_block_bytes && !spare_.bytes)
    spare_ = block{.bytes = std::move(first.bytes), .room = first.room};
  blocks_.pop_front();
}

void byte_queue::clear() {
  blocks_.clear();
  spare_ = {};
  size_ = 0;
}

} // namespace pgbraid::link

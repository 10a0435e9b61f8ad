// Turns and pieces of an answer.
// SPDX-License-Identifier: MIT
#include "actors/serve/served_answer.hpp"

#include "engine/buffer/slab.hpp"
#include "storage/wire/protocol.hpp"

#include <array>

namespace pgbraid::serve {

namespace {

std::array<std::byte, 4> length_of(size_t bytes) {
  assert(bytes <= UINT32_MAX);
  std::array<std::byte, 4> out;
  for (size_t i = 0; i < out.size(); ++i)
    out[i] = static_cast<std::byte>(bytes >> (24 - 8 * i));
  return out;
}

// Lanes write a slab at most, and its length.
constexpr size_t largest_write_bytes = slab_bytes + 64;

} // namespace

served_answer::served_answer(std::unique_ptr<link::exchange> to, size_t file_count)
    : to_(std::move(to)), file_count_(file_count) {}

served_answer::~served_answer() {
  if (!over_)
    to_->fail({errc::protocol, "the copy ended before all files were sent"});
}

bool served_answer::is_writable(size_t file, std::chrono::milliseconds wait) const {
  if (is_over())
    return true;
  return file == turn_ && to_->writable(largest_write_bytes, wait);
}

void served_answer::send(byte_view bytes) {
  if (over_)
    return;
  if (!to_->write(bytes))
    over_ = true; // the other end has gone; whoever asked does not wait any more
}

void served_answer::write(byte_view final_bytes) {
  const std::lock_guard lock(mutex_);
  send(length_of(final_bytes.size()));
  send(final_bytes);
}

void served_answer::write_notes(byte_view notes) {
  if (notes.empty())
    return;
  const std::lock_guard lock(mutex_);
  send(length_of(notes.size() | wire::notes_piece));
  send(notes);
}

void served_answer::end(const wire::copied_results& learned) {
  const std::lock_guard lock(mutex_);
  const auto text = wire::encode(learned);
  send(length_of(0));
  send(length_of(text.size()));
  send(as_bytes(text));
  if (++turn_ < file_count_ || over_)
    return;
  over_ = true;
  static_cast<void>(to_->finish()); // who has gone needs no end
}

void served_answer::fail(const error& why) {
  const std::lock_guard lock(mutex_);
  if (!over_.exchange(true))
    to_->fail(why);
}

} // namespace pgbraid::serve

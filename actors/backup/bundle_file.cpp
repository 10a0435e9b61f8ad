// Turns and offsets in a bundle.
// SPDX-License-Identifier: MIT
#include "actors/backup/bundle_file.hpp"

namespace pgbraid {

bundle_file::bundle_file(storage& to, std::string path, write_options how, size_t member_count)
    : to_(to), path_(std::move(path)), how_(how), skipped_(member_count, false) {}

bool bundle_file::has_turn(size_t member) {
  const std::lock_guard lock(mutex_);
  return member == turn_;
}

result<void> bundle_file::skip(size_t member) {
  const std::lock_guard lock(mutex_);
  skipped_[member] = true;
  return member == turn_ ? advance() : success();
}

result<void> bundle_file::write(byte_view bytes) {
  const std::lock_guard lock(mutex_);
  if (!file_) {
    auto opened = to_.open_write(path_, how_);
    if (!opened)
      return opened.failure();
    file_ = std::move(*opened);
  }
  size_bytes_ += bytes.size();
  return file_->write(bytes);
}

uint64_t bundle_file::member_offset() {
  const std::lock_guard lock(mutex_);
  return member_offset_bytes_;
}

void bundle_file::begin_again() {
  const std::lock_guard lock(mutex_);
  member_offset_bytes_ = size_bytes_;
}

result<uint64_t> bundle_file::end(size_t member) {
  const std::lock_guard lock(mutex_);
  assert(member == turn_);
  skipped_[member] = true;
  const auto offset = member_offset_bytes_;
  if (auto advanced = advance(); !advanced)
    return advanced.failure();
  return offset;
}

result<void> bundle_file::advance() {
  while (turn_ < skipped_.size() && skipped_[turn_])
    ++turn_;
  member_offset_bytes_ = size_bytes_;
  if (turn_ < skipped_.size())
    return success();
  durable_ = !file_;
  return file_ ? file_->begin_commit() : success();
}

result<bool> bundle_file::committed(bool wait) {
  const std::lock_guard lock(mutex_);
  if (turn_ < skipped_.size())
    return false;
  if (durable_)
    return true;
  auto done = file_->committed(wait);
  if (done && *done) {
    durable_ = true;
    file_.reset();
  }
  return done;
}

} // namespace pgbraid

// From bytes to parts.
// SPDX-License-Identifier: MIT
#include "storage/driver/object/object_writer.hpp"

#include "engine/base/log.hpp"

#include <algorithm>

namespace pgbraid::object {

uint64_t part_bytes_of(unsigned number, uint64_t chunk_bytes, uint64_t size_hint_bytes) {
  constexpr uint64_t largest = uint64_t{512} << 20;
  constexpr unsigned step = 900;
  constexpr uint64_t grain = uint64_t{1} << 20; // some stores want parts of whole 256 KiB
  // What is known to be large has large parts from the start, and room for being larger than said.
  const auto of_hint = (size_hint_bytes / (parts_most / 2) + grain - 1) / grain * grain;
  const auto first = std::max(chunk_bytes, of_hint);
  const auto doublings = std::min((number - 1) / step, 16U);
  return std::min(first << doublings, std::max(largest, chunk_bytes));
}

object_writer::~object_writer() {
  if (upload_.empty() || done_)
    return;
  under_way_.clear();
  end_.reset();
  if (auto dropped = in_->drop_parts(key_, upload_)->wait(); !dropped)
    log::debug("parts of '{}' stay: {}", shown_, dropped.failure().message);
}

result<void> object_writer::settle_part() {
  auto one = under_way_.front()->wait();
  under_way_.pop_front();
  if (!one)
    return *(failure_ = failed(one.failure()));
  parts_.push_back(std::move(*one));
  return success();
}

result<void> object_writer::send_part() {
  if (upload_.empty()) {
    auto begun = in_->begin_parts(key_)->wait();
    if (!begun)
      return failed(begun.failure());
    upload_ = std::move(*begun);
  }
  if (sent_parts_ == parts_most)
    return error{errc::file_write, "unable to write '" + shown_ + "': it has too many parts",
                 "A larger repo-storage-upload-chunk-size makes fewer parts."};
  // Larger parts, fewer of them: memory stays what it is.
  const auto room = std::max<uint64_t>(1, parts_under_way * chunk_bytes_ / gathered_.size());
  while (under_way_.size() >= room)
    if (auto settled = settle_part(); !settled)
      return settled;
  under_way_.push_back(in_->put_part(key_, upload_, ++sent_parts_, std::move(gathered_)));
  gathered_ = {};
  return success();
}

result<void> object_writer::write(byte_view in) {
  while (!in.empty()) {
    const auto part_bytes = part_bytes_of(sent_parts_ + 1, chunk_bytes_, size_hint_bytes_);
    // A part goes when more is to come: what fits into one is no object in parts.
    if (gathered_.size() >= part_bytes)
      if (auto sent = send_part(); !sent)
        return sent;
    const auto room =
        part_bytes_of(sent_parts_ + 1, chunk_bytes_, size_hint_bytes_) - gathered_.size();
    const auto part = in.first(std::min<uint64_t>(room, in.size()));
    if (gathered_.empty()) {
      // As much as is told to come, at once: a part that grows is moved each time.
      const auto more = size_hint_bytes_ - std::min(size_hint_bytes_, written_bytes_);
      gathered_.reserve(std::min(room, std::max<uint64_t>(more, part.size())));
    }
    gathered_.insert(gathered_.end(), part.begin(), part.end());
    written_bytes_ += part.size();
    in = in.subspan(part.size());
  }
  return success();
}

result<void> object_writer::begin_commit() {
  if (failure_)
    return *failure_;
  if (!upload_.empty())
    return send_part();
  end_ = in_->put(key_, std::move(gathered_));
  gathered_ = {};
  return success();
}

/// False: not all parts are there, and nobody wants to wait.
result<bool> object_writer::settle_parts(bool wait) {
  while (!under_way_.empty()) {
    if (!wait && !under_way_.front()->has_come())
      return false;
    if (auto settled = settle_part(); !settled)
      return settled.failure();
  }
  return true;
}

result<bool> object_writer::committed(bool wait) {
  if (done_)
    return true;
  if (failure_)
    return *failure_;
  if (!end_) {
    auto settled = settle_parts(wait);
    if (!settled || !*settled)
      return settled;
    end_ = in_->end_parts(key_, upload_, parts_, written_bytes_);
  }
  if (!wait && !end_->has_come())
    return false;
  if (auto ended = end_->wait(); !ended)
    return *(failure_ = failed(ended.failure()));
  done_ = true;
  return true;
}

} // namespace pgbraid::object

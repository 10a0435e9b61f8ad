// Pieces of a file on their way here.
// SPDX-License-Identifier: MIT
#include "storage/driver/sftp/read_ahead.hpp"

#include <algorithm>

namespace pgbraid::sftp {

read_ahead::read_ahead(opened_file file, std::string full_path, uint64_t from,
                       std::optional<uint64_t> until, session_pool* pool)
    : size_(file.about.size.value_or(0)), shown_(std::move(full_path)),
      asked_(file.handle.session()),
      file_(std::move(file.handle), pool, {.full_path = shown_, .like = file.about}),
      next_offset_(from), end_(until), spare_(pool != nullptr ? &pool->spare() : nullptr),
      here_offset_(from) {}

read_ahead::~read_ahead() {
  for (const auto& one : under_way_)
    one.asked.on->forget(one.asked.number);
}

/// As far as it was told.
uint64_t read_ahead::left_bytes() const {
  const auto end = std::min(end_.value_or(size_), size_);
  return end > next_offset_ ? end - next_offset_ : 0;
}

bool read_ahead::may_ask() {
  return spare_.hold(beyond_own(under_way_.size() + 1));
}

result<request> read_ahead::send(open_handle& to, uint64_t offset, uint32_t bytes) {
  asked_ = to.session();
  auto number =
      asked_->send(packet_kind::read, fields().text(to.name()).u64(offset).u32(bytes), bytes);
  if (!number)
    return number.failure();
  return request{asked_, *number};
}

/// All up to the end, as it was told, and one piece behind it, that shows whether it is the end.
result<void> read_ahead::ask() {
  while ((!end_ || next_offset_ < *end_) && (under_way_.empty() || next_offset_ <= size_)) {
    uint64_t most = end_ ? *end_ - next_offset_ : piece_bytes;
    if (next_offset_ < size_)
      most = std::min(most, size_ - next_offset_);
    const auto bytes = static_cast<uint32_t>(std::min<uint64_t>(most, piece_bytes));
    if (!may_ask())
      break;
    auto* to = file_.with_room(bytes);
    if (to == nullptr)
      file_.widen(left_bytes());
    // What is behind the end brings nothing, but a round trip when it is asked for later.
    if (to == nullptr && !under_way_.empty() && next_offset_ < size_)
      break;
    auto asked = send(to != nullptr ? *to : file_.first(), next_offset_, bytes);
    if (!asked)
      return asked.failure();
    under_way_.push_back({next_offset_, bytes, std::move(*asked)});
    next_offset_ += bytes;
  }
  return success();
}

/// Empty at the end of the file.
result<std::vector<std::byte>> read_ahead::take(const request& asked, uint32_t bytes) {
  asked_ = asked.on;
  auto answer = asked.on->wait(asked.number);
  if (!answer)
    return answer.failure();
  status why;
  auto data = data_of(*answer, why);
  if (!data)
    return data.failure();
  if (*data && (*data)->size() > bytes)
    return error{errc::protocol, "the SFTP server sent more than was asked for"};
  if (*data)
    return std::vector<std::byte>((*data)->begin(), (*data)->end());
  if (why.code == status_code::eof)
    return std::vector<std::byte>();
  return refused(errc::file_read, "unable to read", shown_, why);
}

result<std::vector<std::byte>> read_ahead::read_piece(uint64_t offset, uint32_t bytes) {
  auto asked = send(file_.first(), offset, bytes);
  if (!asked)
    return asked.failure();
  return take(*asked, bytes);
}

/// False at the end.
result<bool> read_ahead::next_piece() {
  if (auto asked = ask(); !asked)
    return asked.failure();
  if (under_way_.empty())
    return false;
  const auto first = std::move(under_way_.front());
  under_way_.pop_front();
  spare_.hold(beyond_own(under_way_.size()));
  auto data = take(first.asked, first.bytes);
  if (!data)
    return data.failure();
  // A server may send less than there is: what is missing is asked for again.
  while (!data->empty() && data->size() < first.bytes) {
    auto more =
        read_piece(first.offset + data->size(), first.bytes - static_cast<uint32_t>(data->size()));
    if (!more)
      return more.failure();
    if (more->empty())
      break;
    data->insert(data->end(), more->begin(), more->end());
  }
  here_ = std::move(*data);
  here_offset_ = first.offset;
  taken_ = 0;
  return !here_.empty();
}

result<size_t> read_ahead::read_some(byte_span out) {
  if (taken_ == here_.size() && !ended_ && !out.empty()) {
    auto more = next_piece();
    if (!more)
      return more.failure();
    ended_ = !*more;
  }
  const auto count = std::min(out.size(), here_.size() - taken_);
  std::copy_n(here_.begin() + static_cast<ptrdiff_t>(taken_), count, out.begin());
  taken_ += count;
  return count;
}

} // namespace pgbraid::sftp

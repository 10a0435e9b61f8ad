// Pieces that break, and what an answer may be.
// SPDX-License-Identifier: MIT
#include "storage/driver/rest/ranged_read.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pgbraid::rest {

using object::object_piece;

call protocol::read_call(const std::string& key, uint64_t first, uint64_t last,
                         const std::string& tag) const {
  call what{.method = "GET",
            .key = key,
            .headers = {{"range", fmt::format("bytes={}-{}", first, last)}},
            .what = touches::content};
  if (!tag.empty())
    what.headers.push_back({"if-match", tag});
  return what;
}

call ranged_read::ask() const {
  auto what = in_->read_call(key_, offset_ + done_bytes(), offset_ + bytes_ - 1, tag_);
  // A refusal has a body, too.
  what.answer_limit_bytes = std::max<uint64_t>(bytes_ - done_bytes(), 64 * 1024);
  return what;
}

/// Nothing is given away of an object that could not be gone on with after a break.
std::vector<std::byte> ranged_read::some(std::chrono::milliseconds how_long) {
  auto came = request_.take_some(how_long);
  const auto tag = in_->tag_of(came);
  if (came.body.empty() || !taken_back_.empty() || tag.empty() || (!tag_.empty() && tag != tag_)) {
    taken_back_.insert(taken_back_.end(), came.body.begin(), came.body.end());
    return {};
  }
  tag_ = tag;
  if (given_bytes_ == 0 && offset_ == 0)
    told_ = in_->digest_of(came);
  if (given_bytes_ == 0 && !told_.empty())
    given_.emplace();
  if (given_)
    given_->add(came.body);
  given_bytes_ += came.body.size();
  return std::move(came.body);
}

void ranged_read::put_back(http::response& answer) {
  answer.body.insert(answer.body.begin(), taken_back_.begin(), taken_back_.end());
  taken_back_.clear();
}

/// Only a part of what was asked for: whatever else there is is no content.
bool ranged_read::keep(http::response& broken) {
  put_back(broken);
  const auto tag = in_->tag_of(broken);
  if (broken.status != 206 || broken.body.empty() || tag.empty() ||
      (!tag_.empty() && tag != tag_) || done_bytes() + broken.body.size() > bytes_)
    return false;
  tag_ = tag;
  // One byte stays to be asked for, even when all have come.
  got_.insert(got_.end(), broken.body.begin(), broken.body.end() - 1);
  return broken.body.size() > 1;
}

/// Whether these, after what was given away, have another digest than the store tells. Where it
/// told none when the first were given away they are not known any more.
bool ranged_read::is_damaged(const http::response& answer, byte_view rest) {
  if (given_bytes_ == 0)
    told_ = in_->digest_of(answer);
  if (told_.empty())
    return false;
  if (!given_)
    given_.emplace();
  given_->add(rest);
  return told_ != codec::to_base64(given_->end());
}

result<std::optional<object_piece>> ranged_read::read(http::response& answer) {
  if (in_->is_missing(answer))
    return std::optional<object_piece>();
  if (answer.status == 412)
    return error{errc::file_read, "the object changed while it was read"};
  if (answer.status == 416) { // it ends before that
    const auto whole = whole_size_of(answer.find("content-range"));
    if (done_bytes() > 0 || whole.value_or(0) > offset_)
      return error{errc::file_read, "the object became shorter while it was read"};
    return std::optional(object_piece{.object_bytes = whole.value_or(0), .tag = tag_});
  }
  if (answer.status != 206 && !(answer.status == 200 && offset_ == 0 && done_bytes() == 0))
    return in_->failure(ask(), answer);
  put_back(answer);
  if (given_bytes_ > 0 && in_->tag_of(answer) != tag_) // who does not look at what it must match
    return error{errc::file_read, "the object changed while it was read"};
  if (got_.empty())
    got_ = std::move(answer.body);
  else
    got_.insert(got_.end(), answer.body.begin(), answer.body.end());
  object_piece out{.bytes = std::move(got_), .tag = in_->tag_of(answer)};
  const auto whole =
      answer.status == 206 ? whole_size_of(answer.find("content-range")) : out.bytes.size();
  if (!whole)
    return error{errc::protocol, "the store does not tell the size of an object"};
  out.object_bytes = *whole;
  if (answer.status == 200 && out.bytes.size() > bytes_) // it knows no ranges
    out.bytes.resize(bytes_);
  const auto came_bytes = given_bytes_ + out.bytes.size();
  const auto end = std::min(offset_ + bytes_, *whole);
  if (answer.status == 206 && (end < offset_ || came_bytes != end - offset_))
    return error{errc::protocol, fmt::format("the store sends {} bytes from {} of an object with "
                                             "{}, where {} were asked for",
                                             came_bytes, offset_, *whole, bytes_)};
  if (offset_ == 0 && came_bytes == *whole && is_damaged(answer, out.bytes))
    return error{errc::file_read, "what came is not what the store tells the MD5 of"};
  return std::optional(std::move(out));
}

} // namespace pgbraid::rest

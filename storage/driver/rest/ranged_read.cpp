// Pieces that break, and what an answer may be.
// SPDX-License-Identifier: MIT
#include "storage/driver/rest/ranged_read.hpp"

#include "engine/codec/message_digest.hpp"

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
  auto what = in_->read_call(key_, offset_ + got_.size(), offset_ + bytes_ - 1, tag_);
  // A refusal has a body, too.
  what.answer_limit_bytes = std::max<uint64_t>(bytes_ - got_.size(), 64 * 1024);
  return what;
}

/// Only a part of what was asked for: whatever else there is is no content.
bool ranged_read::keep(http::response& broken) {
  const auto tag = in_->tag_of(broken);
  if (broken.status != 206 || broken.body.empty() || tag.empty() ||
      (!tag_.empty() && tag != tag_) || got_.size() + broken.body.size() > bytes_)
    return false;
  tag_ = tag;
  // One byte stays to be asked for, even when all have come.
  got_.insert(got_.end(), broken.body.begin(), broken.body.end() - 1);
  return broken.body.size() > 1;
}

result<std::optional<object_piece>> ranged_read::read(http::response& answer) {
  if (in_->is_missing(answer))
    return std::optional<object_piece>();
  if (answer.status == 412)
    return error{errc::file_read, "the object changed while it was read"};
  if (answer.status == 416) { // it ends before that
    const auto whole = whole_size_of(answer.find("content-range"));
    if (!got_.empty() || whole.value_or(0) > offset_)
      return error{errc::file_read, "the object became shorter while it was read"};
    return std::optional(object_piece{.object_bytes = whole.value_or(0), .tag = tag_});
  }
  if (answer.status != 206 && !(answer.status == 200 && offset_ == 0 && got_.empty()))
    return in_->failure(ask(), answer);
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
  const auto end = std::min(offset_ + bytes_, *whole);
  if (answer.status == 206 && (end < offset_ || out.bytes.size() != end - offset_))
    return error{errc::protocol, fmt::format("the store sends {} bytes from {} of an object with "
                                             "{}, where {} were asked for",
                                             out.bytes.size(), offset_, *whole, bytes_)};
  const auto digest =
      offset_ == 0 && out.bytes.size() == *whole ? in_->digest_of(answer) : std::string();
  if (!digest.empty() && digest != codec::to_base64(codec::md5_of(out.bytes)))
    return error{errc::file_read, "what came is not what the store tells the MD5 of"};
  return std::optional(std::move(out));
}

} // namespace pgbraid::rest

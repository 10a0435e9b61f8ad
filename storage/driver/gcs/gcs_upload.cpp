// Sending a part, asking how much came, sending the rest.
// SPDX-License-Identifier: MIT
#include "storage/driver/gcs/gcs_upload.hpp"

#include "storage/driver/gcs/gcs_settings.hpp"

#include <fmt/format.h>

namespace pgbraid::gcs {

using namespace rest;

namespace {

constexpr int goes_on = 308;
/// Who takes nothing that often is given up.
constexpr unsigned idle_rounds_most = 5;

} // namespace

result<void> gcs_upload::add(unsigned number, std::vector<std::byte> content) {
  if (held_)
    return error{errc::assertion, "a part of an upload behind its last one"};
  md5_.add(content);
  const auto size = content.size();
  part one{.number = number, .first = added_bytes_, .content = body_of(std::move(content))};
  added_bytes_ += size;
  if (size % part_grain_bytes != 0) {
    held_ = std::move(one);
    return success();
  }
  parts_.push_back(std::move(one));
  if (parts_.size() == 1)
    send();
  return success();
}

bool gcs_upload::has_come(unsigned number) const {
  return failure_ || parts_.empty() || parts_.front().number > number ||
         (parts_.front().number == number && under_way_->has_come());
}

result<void> gcs_upload::settle(unsigned number) {
  while (!failure_ && !parts_.empty() && parts_.front().number <= number)
    if (auto settled = settle_answer(); !settled)
      failure_ = settled.failure();
  return failure_ ? result<void>(*failure_) : success();
}

void gcs_upload::send() {
  was_sent_ = false;
  under_way_.emplace(in_, [this] { return next_call(); });
}

/// How much of the upload is there.
call gcs_upload::query() const {
  return {
      .method = "PUT",
      .query = {{"uploadType", "resumable"}, {"name", key_}, {"upload_id", id_}},
      .headers = {{"content-range", ends_ ? fmt::format("bytes */{}", added_bytes_) : "bytes */*"}},
      .body = body_of(std::string_view()),
      .path = at_};
}

/// What broke may have come in part.
call gcs_upload::next_call() {
  auto what = query();
  if (was_sent_ || parts_.empty() || received_bytes_ == parts_.front().end())
    return what;
  was_sent_ = true;
  const auto& one = parts_.front();
  const auto skip = received_bytes_ - one.first;
  what.headers = {{"content-range", fmt::format("bytes {}-{}/{}", received_bytes_, one.end() - 1,
                                                one.last ? std::to_string(added_bytes_) : "*")}};
  what.body = skip == 0
                  ? one.content
                  : std::make_shared<const std::vector<std::byte>>(
                        one.content->begin() + static_cast<ptrdiff_t>(skip), one.content->end());
  return what;
}

/// One answer; then the next request is under way, if there is one.
result<void> gcs_upload::settle_answer() {
  const auto answer = under_way_->wait();
  if (!answer)
    return answer.failure();
  if (answer->status == goes_on) {
    if (auto taken = take_progress(*answer); !taken)
      return taken;
    if (!parts_.empty())
      send();
    else if (ends_)
      return error{errc::protocol, "the store has all of an upload, and does not end it"};
    return success();
  }
  if (!is_success(answer->status))
    return in_->failure(query(), *answer);
  auto made = description_of(answer->body);
  if (!made)
    return made.failure();
  if (!ends_)
    return error{errc::protocol, "the store ends an upload of which more is to come"};
  made_ = std::move(*made);
  parts_.clear();
  return success();
}

result<void> gcs_upload::take_progress(const http::response& answer) {
  const auto received = received_by(answer);
  const auto most = parts_.empty() ? received_bytes_ : parts_.front().end();
  if (!received || *received < received_bytes_ || *received > most)
    return error{errc::protocol,
                 fmt::format("the store says that it has {} bytes of an upload of which {} were "
                             "there and up to {} were sent",
                             received ? std::to_string(*received) : "other", received_bytes_,
                             most)};
  idle_rounds_ = *received == received_bytes_ ? idle_rounds_ + 1 : 0;
  if (idle_rounds_ == idle_rounds_most)
    return error{errc::service, "the store takes nothing more of an upload"};
  received_bytes_ = *received;
  if (!parts_.empty() && received_bytes_ == parts_.front().end() && !parts_.front().last)
    parts_.pop_front();
  return success();
}

void gcs_upload::begin_end(uint64_t object_bytes) {
  if (failure_)
    return;
  if (object_bytes != added_bytes_ || !parts_.empty()) {
    failure_ = error{errc::assertion, "an upload is ended of which parts are missing"};
    return;
  }
  ends_ = true;
  if (held_) {
    held_->last = true;
    parts_.push_back(std::move(*held_));
  }
  send();
}

result<void> gcs_upload::end() {
  while (!failure_ && !made_)
    if (auto settled = settle_answer(); !settled)
      failure_ = settled.failure();
  if (failure_)
    return *failure_;
  const bool same = made_->size_bytes == added_bytes_ &&
                    (made_->md5.empty() || made_->md5 == codec::to_base64(md5_.end()));
  if (!same)
    failure_ = error{errc::file_write, "the store holds something else than what was sent"};
  return failure_ ? result<void>(*failure_) : success();
}

} // namespace pgbraid::gcs

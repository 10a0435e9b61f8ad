// Sending, and sending again.
// SPDX-License-Identifier: MIT
#include "storage/driver/rest/store_answer.hpp"

#include "engine/base/failures.hpp"
#include "storage/driver/rest/answer_words.hpp"

#include <algorithm>

namespace pgbraid::rest {

http::shared_body body_of(std::string_view text) {
  const auto bytes = as_bytes(text);
  return std::make_shared<const std::vector<std::byte>>(bytes.begin(), bytes.end());
}

http::shared_body body_of(std::vector<std::byte> content) {
  return std::make_shared<const std::vector<std::byte>>(std::move(content));
}

mended_request::mended_request(protocol_ptr in, maker make, http::tried_request::keeper keep)
    : in_(std::move(in)), make_(std::move(make)), keep_(std::move(keep)) {
  send();
}

void mended_request::send() {
  const auto signed_anew = [this]() -> result<http::request> {
    auto one = in_->sign(make_());
    if (!one)
      return one.failure();
    loan_ = one->loan;
    return std::move(one->request);
  };
  request_.emplace(in_->over(), signed_anew, in_->limit(), keep_);
}

result<http::response> mended_request::wait() {
  auto answer = request_->wait();
  // A part of an object is content, of whatever kind.
  if (answer && answer->status != 206 && in_->can_mend(*answer, loan_)) {
    send();
    answer = request_->wait();
  }
  return answer;
}

error with_hold_of(const protocol_ptr& in, const std::string& key, error why) {
  if (!why.held || why.message.find(" until ") != std::string::npos)
    return why;
  const auto look = mended_request(in, [&] {
                      return call{.method = "HEAD", .key = key, .what = touches::content};
                    }).wait();
  if (look && is_success(look->status))
    why.message += hold_of(*look);
  return why;
}

object::asked<object::nothing> remove_one(const protocol_ptr& in, const std::string& key) {
  const call what{.method = "DELETE", .key = key};
  const auto read = [in, what](const http::response& answer, unsigned) -> result<object::nothing> {
    if (is_success(answer.status) || in->is_missing(answer))
      return object::nothing{};
    return with_hold_of(in, what.key, in->failure(what, answer));
  };
  return std::make_unique<store_answer<object::nothing>>(in, what, read);
}

bool all_of::has_come() const {
  return std::ranges::all_of(parts_, [](const auto& one) { return one->has_come(); });
}

result<object::nothing> all_of::wait() {
  past_holds all;
  for (auto& one : parts_) {
    const auto done = one->wait();
    all.goes_on(done ? success() : result<void>(done.failure()));
  }
  const auto whole = all.outcome();
  return whole ? result<object::nothing>(object::nothing{}) : whole.failure();
}

} // namespace pgbraid::rest

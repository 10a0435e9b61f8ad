// Sending, and sending again.
// SPDX-License-Identifier: MIT
#include "storage/driver/rest/store_answer.hpp"

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

bool all_of::has_come() const {
  return std::ranges::all_of(parts_, [](const auto& one) { return one->has_come(); });
}

result<object::nothing> all_of::wait() {
  std::optional<error> first;
  for (auto& one : parts_)
    if (auto done = one->wait(); !done && !first)
      first = done.failure();
  if (first)
    return *first;
  return object::nothing{};
}

} // namespace pgbraid::rest

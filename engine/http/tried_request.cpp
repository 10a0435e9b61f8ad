// When to ask again.
// SPDX-License-Identifier: MIT
#include "engine/http/tried_request.hpp"

#include "engine/base/log.hpp"
#include "engine/base/number_of.hpp"
#include "engine/base/printable.hpp"
#include "engine/base/stop_signal.hpp"
#include "engine/http/http_time.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace pgbraid::http {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr size_t shown_body_bytes = 1024;
/// Who gets on by a byte each time is not followed for ever.
constexpr unsigned tries_most = 100;

std::string_view reason_of(int status) {
  switch (status) {
  case 301:
    return "Moved Permanently";
  case 302:
    return "Found";
  case 307:
    return "Temporary Redirect";
  case 400:
    return "Bad Request";
  case 401:
    return "Unauthorized";
  case 403:
    return "Forbidden";
  case 404:
    return "Not Found";
  case 405:
    return "Method Not Allowed";
  case 408:
    return "Request Timeout";
  case 409:
    return "Conflict";
  case 412:
    return "Precondition Failed";
  case 416:
    return "Range Not Satisfiable";
  case 429:
    return "Too Many Requests";
  case 500:
    return "Internal Server Error";
  case 501:
    return "Not Implemented";
  case 502:
    return "Bad Gateway";
  case 503:
    return "Service Unavailable";
  case 504:
    return "Gateway Timeout";
  default:
    return "no reason";
  }
}

/// Somebody on the way may tell the request that it refuses, with all that it was authorized with.
std::string_view before_secrets(std::string_view told) {
  constexpr std::array<std::string_view, 5> names = {
      "sig=", "upload_id=", "authorization:", "x-amz-security-token", "bearer "};
  auto end = told.end();
  for (const auto name : names)
    end = std::min(
        end, std::search(told.begin(), told.end(), name.begin(), name.end(), [](char a, char b) {
          return std::tolower(static_cast<unsigned char>(a)) == b;
        }));
  return told.substr(0, static_cast<size_t>(end - told.begin()));
}

/// A query may hold a signature, or the name of an upload that whoever knows it may go on with:
/// nobody else is to see them.
std::string shown_url(const request& asked) {
  const std::string_view url = asked.url;
  if (asked.secret)
    return printable_line(url.substr(0, url.find('?')));
  for (const std::string_view name : {"sig=", "upload_id="})
    if (const auto at = url.find(name); at != std::string_view::npos)
      return fmt::format("{}{}<redacted>", printable_line(url.substr(0, at)), name);
  return printable_line(url);
}

} // namespace

bool is_busy(int status) {
  return status == 408 || status == 429 || status == 499 || (status >= 500 && status <= 599);
}

std::optional<seconds> retry_after(const response& answer) {
  const auto text = answer.find("retry-after");
  if (const auto value = number_of<uint32_t>(text))
    return seconds(*value);
  const auto at = seconds_of(std::string(text));
  if (!at)
    return std::nullopt;
  // By the clock that told it, where that is told, too.
  const auto now = seconds_of(std::string(answer.find("date"))).value_or(wall_s());
  return seconds(
      std::clamp<int64_t>(*at - now, 0, UINT32_MAX)); // as many as may be told themselves
}

error failure_of(const request& asked, const response& answer, std::string_view told) {
  const auto fine = asked.secret ? std::string_view() : before_secrets(told);
  const auto body = printable(fine.substr(0, shown_body_bytes)) +
                    (fine.size() < told.size() && !asked.secret ? "<redacted>" : "");
  return {is_busy(answer.status) ? errc::service : errc::protocol,
          fmt::format("HTTP request failed with {} ({}):\n*** Request ***:\n{} {}{}{}",
                      answer.status, reason_of(answer.status), asked.method, shown_url(asked),
                      body.empty() ? "" : "\n*** Response Content ***:\n", body),
          {},
          is_busy(answer.status)};
}

tried_request::tried_request(std::shared_ptr<client> over, maker make, milliseconds limit,
                             keeper keep)
    : over_(std::move(over)), make_(std::move(make)), limit_(limit), keep_(std::move(keep)) {
  tries_.emplace(policy());
  send();
}

retry_policy tried_request::policy() const {
  return {.limit = limit_,
          .tries_least = 2, // silence takes as long as all tries together may
          .limit_from_failure = true,
          .pauses = {.first = milliseconds(100),
                     .grows = back_off::growth::doubling,
                     .longest = seconds(10)}};
}

void tried_request::send() {
  auto made = make_();
  if (!made) {
    failed_ = made.failure();
    return;
  }
  asked_ = {.method = made->method, .url = made->url, .secret = made->secret};
  ++sent_;
  under_way_ = over_->send(std::move(*made));
}

/// The store may know better than we when to come again.
result<void> tried_request::pause_before_next(const error& why, std::optional<seconds> wanted) {
  if (!tries_->may_go_on())
    return why;
  log::debug("asked again after: {}", why.message);
  if (!wanted || wanted->count() == 0)
    return tries_->pause() ? success() : result<void>(why);
  if (monotonic::now() + *wanted > tries_->until())
    return error{why.code,
                 fmt::format("{}\nthe store asks for another try in {}s, which is later than "
                             "io-timeout allows",
                             why.message, wanted->count())};
  return sleep_unless_stopped(*wanted) ? success() : result<void>(why);
}

result<response> tried_request::wait() {
  while (true) {
    if (failed_)
      return *failed_;
    auto answer = under_way_.take();
    if (!answer.broken && !is_busy(answer.status))
      return answer;
    auto why = answer.broken ? *answer.broken : failure_of(asked_, answer, as_text(answer.body));
    if (!why.transient)
      return why;
    if (answer.broken && keep_ && keep_(answer) && sent_ < tries_most)
      tries_.emplace(policy());
    if (auto paused = pause_before_next(why, retry_after(answer)); !paused) {
      auto last = paused.failure();
      if (sent_ > 1)
        last.message += fmt::format("\n[after {} tries]", sent_);
      return last;
    }
    send();
  }
}

} // namespace pgbraid::http

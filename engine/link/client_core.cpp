// The session of an asking end.
// SPDX-License-Identifier: MIT
#include "engine/link/client_core.hpp"

#include "engine/base/clock.hpp"
#include "engine/link/peer_error.hpp"

#include <fmt/format.h>
#include <nghttp2/nghttp2.h>

#include <algorithm>

namespace pgbraid::link {

namespace {

bool is_path(std::string_view text) {
  return text.starts_with('/') &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

} // namespace

std::optional<error> client_core::why_not_open() const {
  if (failure_)
    return failure_;
  if (over_ || sent_away_)
    return broken(over_ ? "the connection is closed" : "the other host takes no more requests");
  return {};
}

std::optional<error> client_core::useless() const {
  const std::lock_guard held(mutex_);
  return why_not_open();
}

result<int64_t> client_core::open(std::string_view path, std::string_view head, byte_view body,
                                  bool whole, std::chrono::milliseconds limit) {
  if (!is_path(path) || !legal_text(head) || path.size() + head.size() + 512 > with().head_bytes)
    return broken("a request has a path or head that cannot be sent");
  lock held(mutex_);
  const auto may_go = [this] { return why_not_open() || streams_open_ < streams_allowed_; };
  const auto until =
      clock::now() + std::min<std::chrono::milliseconds>(limit, std::chrono::hours(24));
  if (!wait_until(room_for_more_, held, until, may_go))
    return broken(fmt::format("the other host allowed no more requests for {} ms", limit.count()));
  if (auto why = why_not_open())
    return *why;
  auto& s = add_stream(limit);
  s.path = path;
  s.out_head = head;
  s.out.append(body);
  s.out_begun = true;
  s.out_ended = whole;
  touch(s);
  return s.number;
}

void client_core::submit(stream& of) {
  if (sent_away_ && !of.failed)
    fail_stream(of, broken("the other host takes no more requests"));
  if (!of.released && !of.failed)
    return submit_request(of);
  of.closed = true;
  --streams_open_;
  of.changed.notify_all();
  room_for_more_.notify_all();
}

result<void> client_core::end_write(int64_t number) {
  const std::lock_guard held(mutex_);
  auto& s = at(number);
  s.out_ended = true;
  touch(s);
  if (auto why = refusal(s))
    return *why;
  return success();
}

result<std::string> client_core::head(int64_t number) {
  lock held(mutex_);
  auto& s = at(number);
  if (auto came = wait(held, s, [&] { return s.headers_came; }); !came)
    return came.failure();
  if (s.head)
    return *s.head;
  if (s.failed)
    return *s.failed;
  if (s.peer_error)
    return parse_peer_error(*s.peer_error, with());
  return broken("the other host answered without a head");
}

result<std::string> client_core::trailer(int64_t number) {
  lock held(mutex_);
  auto& s = at(number);
  if (auto came = wait(held, s, [&] { return s.input_ended; }); !came)
    return came.failure();
  if (auto bad = bad_end(s))
    return *bad;
  return *s.trailer;
}

bool client_core::has_ended(int64_t number) {
  const std::lock_guard held(mutex_);
  const auto& s = at(number);
  return s.input_ended || s.failed.has_value();
}

void client_core::abandon(int64_t number) {
  const std::lock_guard held(mutex_);
  auto& s = at(number);
  if (!s.input_ended || !s.out_ended)
    s.cancel = true;
  release(s);
}

void client_core::headers_came(stream& on) {
  if (on.headers_came)
    return;
  // Interim answers may come before the real one.
  if (on.status.starts_with('1') && !on.input_ended) {
    on.status.clear();
    spend_frame();
    return;
  }
  on.headers_came = true;
  if (on.status != "200")
    fail_stream(on, broken(fmt::format("the other host answered with HTTP status {}",
                                       on.status.substr(0, 3))));
}

void client_core::stream_closed(stream& of, uint32_t code) {
  if (of.input_ended || of.failed)
    return;
  of.failed = code == NGHTTP2_REFUSED_STREAM
                  ? broken("the other host refused a request")
                  : broken(fmt::format("the other host broke off a request: {}",
                                       nghttp2_http2_strerror(code)));
}

std::optional<error> client_core::bad_end(const stream& of) const {
  if (of.failed)
    return of.failed;
  if (of.peer_error)
    return parse_peer_error(*of.peer_error, with());
  if (!of.trailer)
    return broken("an answer ended too early");
  return {};
}

std::optional<error> client_core::refusal(const stream& of) const {
  if (of.peer_error && of.input_ended)
    return parse_peer_error(*of.peer_error, with());
  if (of.failed)
    return of.failed;
  if (of.input_ended && !of.out_ended)
    return broken("the other host answered before it had the whole request");
  return {};
}

} // namespace pgbraid::link

// The session of a serving end.
// SPDX-License-Identifier: MIT
#include "engine/link/server_core.hpp"

#include "engine/base/clock.hpp"
#include "engine/link/peer_error.hpp"

#include <nghttp2/nghttp2.h>

#include <cassert>

namespace pgbraid::link {

std::unique_ptr<exchange> server_core::next(std::chrono::milliseconds limit) {
  lock held(mutex_);
  wait_until(requests_changed_, held, clock::now() + limit,
             [this] { return !requests_.empty() || over_; });
  if (requests_.empty())
    return {};
  auto& s = at(requests_.front());
  requests_.pop_front();
  return std::unique_ptr<exchange>(new exchange(shared_from_this(), s.number, std::move(s.path),
                                                std::move(s.head).value_or(std::string())));
}

bool server_core::ended() const {
  const std::lock_guard held(mutex_);
  return over_;
}

void server_core::refuse_more() {
  const std::lock_guard held(mutex_);
  refuse_more_ = true;
  wake();
}

void server_core::headers_came(stream& on) {
  if (std::exchange(on.headers_came, true))
    return; // its trailers, which say nothing to us
  if (on.method == "POST" && on.head) {
    requests_.push_back(on.number);
    news_ = true;
    requests_changed_.notify_one();
    return;
  }
  on.out_ended = true;
  submit_answer(on, on.method == "POST" ? "400" : "405");
  on.released = true;
}

void server_core::submit(stream& of) {
  if (of.out_begun || of.out_ended)
    submit_answer(of, "200");
}

void server_core::stream_closed(stream& of, uint32_t) {
  if (!of.out_closed && !of.failed)
    of.failed = broken("the other host gave up its request");
  // Nobody needs to hear of a request that was malformed, or withdrawn before it was looked at.
  if (std::erase(requests_, of.number) > 0 || !of.headers_came)
    of.released = true;
}

void server_core::session_changed() {
  if (!over_)
    return;
  for (const auto number : requests_)
    release(at(number));
  requests_.clear();
  requests_changed_.notify_all();
}

void server_core::tell_news() {
  if (woken_)
    woken_();
}

void server_core::begin(stream& of, std::string_view head) {
  of.out_begun = true;
  of.out_head = head;
  touch(of);
}

result<void> server_core::respond(int64_t number, std::string_view head) {
  const std::lock_guard held(mutex_);
  auto& s = at(number);
  assert(!s.out_begun && !s.out_ended);
  if (!legal_text(head))
    return broken("the head of an answer cannot be sent");
  if (s.failed)
    return *s.failed;
  begin(s, head);
  return success();
}

result<void> server_core::write_body(int64_t number, byte_view in) {
  {
    const std::lock_guard held(mutex_);
    auto& s = at(number);
    assert(!s.out_ended);
    if (!s.out_begun)
      begin(s, "{}");
  }
  return write(number, in);
}

result<void> server_core::finish(int64_t number, std::string_view trailer) {
  const std::lock_guard held(mutex_);
  auto& s = at(number);
  assert(!s.out_ended);
  if (s.failed)
    return *s.failed;
  if (!legal_text(trailer)) {
    auto why = broken("the end of an answer cannot be sent");
    refuse(s, why);
    return why;
  }
  if (!s.out_begun)
    begin(s, "{}");
  s.end_name = "pgbraid-trailer";
  s.end_value = trailer;
  s.out_ended = true;
  touch(s);
  return success();
}

void server_core::refuse(stream& of, const error& why) {
  if (of.out_ended)
    return;
  of.out.clear();
  of.end_name = "pgbraid-error";
  of.end_value = render_peer_error(why);
  of.out_ended = true;
  touch(of);
}

void server_core::fail(int64_t number, const error& what) {
  const std::lock_guard held(mutex_);
  refuse(at(number), what);
}

bool server_core::cancelled(int64_t number) const {
  const std::lock_guard held(mutex_);
  const auto found = streams_.find(number);
  return found->second->failed.has_value();
}

void server_core::keep(int64_t number, std::shared_ptr<void> what) {
  const std::lock_guard held(mutex_);
  at(number).kept = std::move(what);
}

void server_core::abandon(int64_t number) {
  const std::lock_guard held(mutex_);
  auto& s = at(number);
  refuse(s, {errc::unhandled, "the request was not answered"});
  release(s);
}

} // namespace pgbraid::link

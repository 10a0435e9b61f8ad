// The callers' half of a session: bytes in and out of streams.
// SPDX-License-Identifier: MIT
#include "engine/link/session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

namespace pgbraid::link {

error session::broken(std::string_view why, errc code) const {
  if (with_.host.empty())
    return {code, std::string(why)};
  return {code, fmt::format("{} connection to '{}': {}", with_.kind, with_.host, why)};
}

std::optional<error> session::failure() const {
  const std::lock_guard held(mutex_);
  return failure_;
}

bool session::legal_text(std::string_view text) const {
  const auto legal = [](char c) { return static_cast<unsigned char>(c) >= ' ' && c != 0x7f; };
  return text.size() + 512 <= with_.head_bytes && std::all_of(text.begin(), text.end(), legal) &&
         !text.starts_with(' ') && !text.ends_with(' ');
}

void session::spend_frame() {
  if (!guard_.spend(now_))
    flooded_ = true;
}

stream& session::at(int64_t number) {
  const auto found = streams_.find(number);
  assert(found != streams_.end());
  return *found->second;
}

stream& session::add_stream(std::chrono::milliseconds limit) {
  auto made = std::make_unique<stream>();
  made->number = next_number_++;
  made->limit = std::clamp<std::chrono::milliseconds>(limit, std::chrono::milliseconds(1),
                                                      std::chrono::hours(24 * 365));
  made->moved_at = clock::now();
  ++streams_open_;
  return *streams_.emplace(made->number, std::move(made)).first->second;
}

void session::touch(stream& what) {
  if (what.touched || over_)
    return;
  what.touched = true;
  touched_.push_back(what.number);
  wake();
}

void session::wake() {
  if (!std::exchange(sleeping_, false))
    return;
  const uint64_t one = 1;
  // Its only failure is a counter at its limit, which wakes as well.
  [[maybe_unused]] const auto put = ::write(wake_fd_.get(), &one, sizeof(one));
}

void session::fail_stream(stream& which, error why) {
  if (!which.failed)
    which.failed = std::move(why);
  which.cancel = true;
  touch(which);
  which.changed.notify_all();
  news_ = true;
}

void session::release(stream& which) {
  which.released = true;
  give_link_credit(which.in.size());
  which.in.clear();
  which.target = {};
  if (over_)
    erase(which);
  else
    touch(which);
}

void session::erase(stream& which) {
  if (!which.closed)
    --streams_open_;
  news_ = news_ || which.kept;
  streams_.erase(which.number);
}

size_t session::room(const stream& of) const {
  return with_.out_bytes - std::min<size_t>(of.out.size(), with_.out_bytes);
}

/// The link's own window covers what waits here; what a caller has is the caller's memory. An
/// asking end needs no such window: it opens the streams, so it decides how many windows of theirs
/// there are, and lanes that each wait for a whole slab must not starve each other.
void session::give_link_credit(size_t bytes) {
  if (side_ == side::client)
    return;
  link_credit_bytes_ += bytes;
  if (link_credit_bytes_ >= link_credit_step())
    wake();
}

size_t session::link_credit_step() const {
  return std::min<size_t>(size_t{1} << 20, with_.link_window_bytes / 8);
}

void session::grant_taken(stream& of) {
  of.credit_bytes += std::exchange(of.taken_bytes, 0);
  if (of.credit_bytes >= with_.stream_window_bytes / 4 && !of.input_ended)
    touch(of);
}

size_t session::take(stream& from, byte_span out) {
  const auto count = from.in.take(out);
  from.taken_bytes += count;
  give_link_credit(count);
  // A reader that asks for more than the window must not wait for credit that it withholds.
  if (from.taken_bytes > with_.stream_window_bytes / 2)
    grant_taken(from);
  return count;
}

result<size_t> session::read(int64_t number, byte_span out) {
  assert(!out.empty());
  lock held(mutex_);
  auto& s = at(number);
  grant_taken(s);
  const auto taken = take(s, out);
  s.target = out.subspan(taken);
  const auto waited = wait(held, s, [&] { return s.target.empty() || s.input_ended; });
  const auto count = out.size() - s.target.size();
  s.target = {};
  if (!waited)
    return waited.failure();
  if (count == 0)
    if (auto bad = bad_end(s))
      return *bad;
  return count;
}

bool session::overdue(stream& which, std::optional<clock::time_point>& asked_at) {
  const auto now = clock::now();
  if (!asked_at)
    asked_at = now;
  if (now < std::max(*asked_at, which.moved_at) + which.limit)
    return false;
  fail_stream(which, too_late(which));
  return true;
}

error session::too_late(const stream& which) const {
  return broken(fmt::format("the other host kept a request waiting for longer than {} ms",
                            which.limit.count()));
}

bool session::readable(int64_t number, size_t bytes, std::chrono::milliseconds limit) {
  lock held(mutex_);
  auto& s = at(number);
  grant_taken(s);
  const auto wanted = std::min<size_t>(bytes, with_.stream_window_bytes / 2);
  const auto ready = [&] { return s.in.size() >= wanted || s.input_ended || s.failed; };
  s.wanted_bytes = wanted;
  wait_until(s.changed, held, clock::now() + limit, ready);
  if (!ready())
    return overdue(s, s.read_asked_at);
  s.wanted_bytes = 0;
  s.read_asked_at.reset();
  return true;
}

result<void> session::write(int64_t number, byte_view in) {
  lock held(mutex_);
  auto& s = at(number);
  while (!in.empty()) {
    const auto wanted = std::min<size_t>(in.size(), std::max<size_t>(with_.out_bytes / 2, 1));
    s.wanted_room = wanted;
    const auto waited = wait(held, s, [&] { return room(s) >= wanted || refusal(s) || s.closed; });
    s.wanted_room = 0;
    if (auto why = refusal(s))
      return *why;
    if (!waited)
      return waited.failure();
    const auto count = std::min(in.size(), room(s));
    s.out.append(in.first(count));
    in = in.subspan(count);
    if (s.out_deferred || !s.out_submitted)
      touch(s);
  }
  return success();
}

bool session::writable(int64_t number, size_t bytes, std::chrono::milliseconds limit) {
  lock held(mutex_);
  auto& s = at(number);
  const auto wanted = std::min<size_t>(bytes, with_.out_bytes);
  const auto ready = [&] { return room(s) >= wanted || refusal(s) || s.closed; };
  s.wanted_room = wanted;
  wait_until(s.changed, held, clock::now() + limit, ready);
  if (!ready())
    return overdue(s, s.write_asked_at);
  s.wanted_room = 0;
  s.write_asked_at.reset();
  return true;
}

} // namespace pgbraid::link

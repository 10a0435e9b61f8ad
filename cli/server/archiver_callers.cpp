// The connections of those who ask the resident archiver.
// SPDX-License-Identifier: MIT
#include "cli/server/archiver_callers.hpp"

#include "cli/archiver/archiver_socket.hpp"
#include "engine/base/log.hpp"
#include "engine/base/version.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>
#include <vector>

namespace pgbraid::cli {

namespace {

constexpr short gone = POLLERR | POLLHUP | POLLNVAL;

} // namespace

/// False when it is gone.
bool archiver_callers::receive(caller& from) {
  std::array<char, 4096> part = {};
  const auto got = ::recv(from.socket.get(), part.data(), part.size(), 0);
  if (got < 0)
    return errno == EAGAIN || errno == EINTR;
  from.received.append(part.data(), static_cast<size_t>(got));
  return got > 0;
}

/// Of what was received, one message: the next one comes after its answer. False when it is not
/// understood.
bool archiver_callers::understand(uint64_t id, caller& from) {
  while (!from.waits) {
    auto request = format::take_archiver_request(from.received);
    if (!request) {
      log::detail("a caller of the archive server is left: {}", request.failure().message);
      return false;
    }
    if (!*request)
      break;
    from.half_since.reset();
    from.idle_since = monotonic::now();
    if (const auto* push = std::get_if<format::archiver_push>(&**request)) {
      from.waits = true;
      from.next_wait = monotonic::now() + limits_.say_wait;
      queue_.add({.caller = id, .wal = *push});
    } else {
      say(from, format::archiver_hello{std::string(version_text), ::getpid()});
    }
  }
  if (from.waits || from.received.empty())
    from.half_since.reset();
  else if (!from.half_since)
    from.half_since = monotonic::now();
  return true;
}

void archiver_callers::say(caller& to, const format::archiver_answer& what) {
  to.unsent += format::render(what);
}

/// False when it is gone.
bool archiver_callers::flush(caller& to) {
  while (!to.unsent.empty()) {
    const auto sent = ::send(to.socket.get(), to.unsent.data(), to.unsent.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR)
      continue;
    if (sent < 0) {
      if (!to.unsent_since)
        to.unsent_since = monotonic::now();
      return errno == EAGAIN;
    }
    to.unsent.erase(0, static_cast<size_t>(sent));
    to.unsent_since.reset();
  }
  return true;
}

bool archiver_callers::is_overdue(const caller& one) const {
  const auto now = monotonic::now();
  if (one.half_since && now - *one.half_since >= limits_.message)
    return true;
  if (one.unsent_since && now - *one.unsent_since >= limits_.message)
    return true;
  return !one.waits && now - one.idle_since >= limits_.idle;
}

/// What is to be done for one of them. False when it has to go.
bool archiver_callers::attend(uint64_t id, caller& one, short events) {
  // While it waits nothing is read: what it says then it says too early.
  if (one.waits && (events & POLLRDHUP) != 0)
    return false;
  if (!one.waits && (events & POLLIN) != 0 && !receive(one))
    return false;
  if ((events & gone) != 0 && (events & POLLIN) == 0)
    return false;
  if (!one.waits && !understand(id, one))
    return false;
  if (one.waits && one.unsent.empty() && monotonic::now() >= one.next_wait) {
    say(one, format::archiver_wait{});
    one.next_wait = monotonic::now() + limits_.say_wait;
  }
  return flush(one) && !is_overdue(one);
}

void archiver_callers::drop(uint64_t id) {
  queue_.forget(id);
  all_.erase(id);
}

/// Whoever has asked for nothing for the longest time may go; 0 where all of them wait.
uint64_t archiver_callers::longest_idle() const {
  auto oldest = all_.end();
  for (auto one = all_.begin(); one != all_.end(); ++one)
    if (!one->second.waits && one->second.unsent.empty() &&
        (oldest == all_.end() || one->second.idle_since < oldest->second.idle_since))
      oldest = one;
  return oldest == all_.end() ? 0 : oldest->first;
}

bool archiver_callers::has_room() const {
  return all_.size() < limits_.connections || longest_idle() != 0;
}

void archiver_callers::accept_all(int listener) {
  while (has_room()) {
    io::unique_fd socket(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket)
      return;
    if (!is_trusted_peer(socket.get())) {
      log::warn("another user's process asked the archive server, and was not heard");
      continue;
    }
    if (all_.size() >= limits_.connections)
      drop(longest_idle());
    all_.emplace(++last_id_, caller{.socket = std::move(socket), .idle_since = monotonic::now()});
  }
}

void archiver_callers::give_answers() {
  for (const auto& [id, answer] : queue_.take_answers()) {
    const auto found = all_.find(id);
    if (found == all_.end())
      continue;
    auto& one = found->second;
    one.waits = false;
    one.idle_since = monotonic::now();
    say(one, answer);
    // What it asks next may have come already.
    if (!flush(one) || !understand(id, one))
      drop(id);
  }
}

bool archiver_callers::all_told() const {
  return std::ranges::all_of(all_, [](const auto& one) { return one.second.unsent.empty(); });
}

void archiver_callers::look_after(int listener, std::chrono::milliseconds pause) {
  std::vector<pollfd> polls = {{queue_.answers_descriptor(), POLLIN, 0}};
  std::vector<uint64_t> ids;
  for (const auto& [id, one] : all_) {
    const short reads = one.waits ? POLLRDHUP : POLLIN | POLLRDHUP;
    const short writes = one.unsent.empty() ? 0 : POLLOUT;
    polls.push_back({one.socket.get(), static_cast<short>(reads | writes), 0});
    ids.push_back(id);
  }
  // A listener that is full would wake us without end.
  const bool open = listener >= 0 && has_room();
  if (open)
    polls.push_back({listener, POLLIN, 0});
  if (::poll(polls.data(), polls.size(), static_cast<int>(pause.count())) < 0)
    for (auto& one : polls)
      one.revents = 0;
  for (size_t i = 0; i < ids.size(); ++i)
    if (const auto found = all_.find(ids[i]); found != all_.end())
      if (!attend(ids[i], found->second, polls[i + 1].revents))
        drop(ids[i]);
  give_answers();
  if (open && polls.back().revents != 0)
    accept_all(listener);
}

} // namespace pgbraid::cli

// The processes of a server that serve one connection each.
// SPDX-License-Identifier: MIT
#include "cli/remote/connection_children.hpp"

#include "engine/base/log.hpp"
#include "engine/base/stop_signal.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <thread>
#include <utility>

namespace pgbraid::cli {

namespace {

using std::chrono::milliseconds;

constexpr size_t unknown_max = 128;
constexpr size_t known_max = 256;
/// Somebody with a certificate needs a few milliseconds to show it.
constexpr auto unknown_grace = std::chrono::seconds(1);
constexpr auto end_limit = std::chrono::seconds(5);

void log_end(pid_t pid, int status) {
  if (WIFSIGNALED(status) && WTERMSIG(status) != SIGTERM && WTERMSIG(status) != SIGKILL)
    log::warn("child process {} was ended by signal {}", pid, WTERMSIG(status));
  else
    log::debug("child process {} ended", pid);
}

} // namespace

size_t connection_children::unknown_count() const {
  return static_cast<size_t>(std::count_if(children_.begin(), children_.end(), [](const child& c) {
    return static_cast<bool>(c.news);
  }));
}

bool connection_children::has_room() {
  if (unknown_count() >= unknown_max)
    look_after(); // whoever became known just now must not go
  const auto unknown = unknown_count();
  if (children_.size() - unknown >= known_max)
    return false;
  if (unknown < unknown_max)
    return true;
  const auto oldest = std::find_if(children_.begin(), children_.end(),
                                   [](const child& c) { return static_cast<bool>(c.news); });
  if (clock::now() - oldest->since < unknown_grace)
    return false;
  log::debug("a connection without a known client has to go for a new one");
  ::kill(oldest->pid, SIGKILL);
  ::waitpid(oldest->pid, nullptr, 0);
  children_.erase(oldest);
  return true;
}

result<void> connection_children::prepare() {
  if (news_)
    return success();
  std::array<int, 2> ends = {-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0)
    return system_error(errc::kernel, "unable to open a pipe for a connection", errno);
  news_ = io::unique_fd(ends[0]);
  tell_ = io::unique_fd(ends[1]);
  return success();
}

result<void> connection_children::start(const work& what) {
  assert(news_);
  io::unique_fd news = std::move(news_);
  io::unique_fd tell = std::move(tell_);
  const pid_t server = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0)
    return system_error(errc::kernel, "unable to start a process for a connection", errno);
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
    ::signal(SIGHUP, SIG_IGN);
    if (::getppid() != server)
      ::_exit(0);
    news.reset();
    children_.clear();
    const int status = what([&] {
      [[maybe_unused]] const auto told = ::write(tell.get(), "k", 1);
      tell.reset();
    });
    ::_exit(status);
  }
  children_.push_back({pid, std::move(news), clock::now()});
  return success();
}

void connection_children::add_polls(std::vector<pollfd>& to) const {
  for (const auto& one : children_) {
    if (one.news)
      to.push_back({one.news.get(), POLLIN, 0});
  }
}

void connection_children::look_after() {
  for (auto& one : children_) {
    char told = 0;
    // Without the letter the child is gone; waitpid says so below, perhaps a moment later.
    if (one.news && ::read(one.news.get(), &told, 1) == 1)
      one.news.reset();
  }
  std::erase_if(children_, [](child& one) {
    int status = 0;
    if (::waitpid(one.pid, &status, WNOHANG) != one.pid)
      return false;
    log_end(one.pid, status);
    return true;
  });
}

void connection_children::end_all() {
  constexpr auto pause = milliseconds(10);
  for (const auto& one : children_) {
    log::warn("terminated child process {}", one.pid);
    ::kill(one.pid, SIGTERM);
  }
  const auto until = clock::now() + end_limit;
  while (!children_.empty() && clock::now() < until) {
    look_after();
    std::this_thread::sleep_for(pause);
  }
  for (const auto& one : children_) {
    ::kill(one.pid, SIGKILL);
    ::waitpid(one.pid, nullptr, 0);
  }
  children_.clear();
}

} // namespace pgbraid::cli

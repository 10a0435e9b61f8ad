// The processes of a server that serve one connection each.
// SPDX-License-Identifier: MIT
#include "cli/server/connection_children.hpp"

#include "engine/base/log.hpp"
#include "engine/base/printable.hpp"
#include "engine/base/stop_signal.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <map>
#include <utility>

namespace pgbraid::cli {

namespace {

using std::chrono::milliseconds;

constexpr size_t unknown_max = 128;
constexpr size_t known_max = 256;
/// The last places, and what a client may have that gets one.
constexpr size_t reserve = 64;
constexpr size_t few = 16;
/// Somebody with a certificate needs a few milliseconds to show it.
constexpr auto unknown_grace = std::chrono::seconds(1);
constexpr auto end_limit = std::chrono::seconds(5);
/// Until a server that has much to do answers a child.
constexpr int answer_limit_ms = 10'000;
constexpr auto quiet = std::chrono::minutes(1);
constexpr size_t name_bytes = 1024;
constexpr char yes = 'y';

void log_end(pid_t pid, int status) {
  if (WIFSIGNALED(status) && WTERMSIG(status) != SIGTERM && WTERMSIG(status) != SIGKILL)
    log::warn("child process {} was ended by signal {}", pid, WTERMSIG(status));
  else
    log::debug("child process {} ended", pid);
}

/// The log is no place for others to fill.
bool may_warn(std::optional<monotonic::time_point>& last_at) {
  const auto now = monotonic::now();
  if (last_at && now - *last_at < quiet)
    return false;
  last_at = now;
  return true;
}

/// The child's side of an introduction.
result<void> ask_for_place(int server, const std::string& client) {
  const error lost{errc::host_connect, "the server did not answer its own process"};
  if (::send(server, client.data(), std::min(client.size(), name_bytes), MSG_NOSIGNAL) < 0)
    return lost;
  pollfd one = {server, POLLIN, 0};
  char answer = 0;
  if (::poll(&one, 1, answer_limit_ms) != 1 || ::recv(server, &answer, 1, 0) != 1)
    return lost;
  if (answer == yes)
    return success();
  return error{
      errc::host_connect,
      fmt::format("client '{}' has as many connections as it may have now", printable(client)),
      "The server's log says who has how many. Is process-max too high, or do commands "
      "of before still run?"};
}

} // namespace

bool may_have_place(size_t total, size_t own) {
  return total < known_max && own < (total < known_max - reserve ? client_connections_max : few);
}

size_t connection_children::unknown_count() const {
  return count_of({});
}

size_t connection_children::count_of(const std::string& client) const {
  return static_cast<size_t>(
      std::count_if(children_.begin(), children_.end(),
                    [&client](const child& one) { return one.client == client; }));
}

/// Those that have most, with their numbers.
std::string connection_children::fullest(std::string child::*whose) const {
  constexpr size_t shown = 3;
  std::map<std::string, size_t> counts;
  for (const auto& one : children_)
    if (one.client.empty() == (whose == &child::from))
      ++counts[one.*whose];
  std::vector<std::pair<size_t, std::string>> sorted;
  for (const auto& [name, count] : counts)
    sorted.emplace_back(count, name);
  std::sort(sorted.rbegin(), sorted.rend());
  std::string out;
  for (size_t i = 0; i < std::min(sorted.size(), shown); ++i)
    out += fmt::format("{}'{}' has {}", i == 0 ? "" : ", ", printable(sorted[i].second),
                       sorted[i].first);
  return out;
}

bool connection_children::has_room() {
  if (unknown_count() >= unknown_max)
    look_after(); // whoever became known just now must not go
  if (unknown_count() < unknown_max)
    return true;
  const auto oldest = std::find_if(children_.begin(), children_.end(),
                                   [](const child& one) { return one.client.empty(); });
  if (clock::now() - oldest->since < unknown_grace)
    return false;
  if (may_warn(warned_of_unknown_at_))
    log::warn("{} connections have not said who they are: {}; the oldest have to go", unknown_max,
              fullest(&child::from));
  ::kill(oldest->pid, SIGKILL);
  ::waitpid(oldest->pid, nullptr, 0);
  children_.erase(oldest);
  return true;
}

result<void> connection_children::prepare() {
  if (news_)
    return success();
  std::array<int, 2> ends = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return system_error(errc::kernel, "unable to open a socket for a connection", errno);
  news_ = io::unique_fd(ends[0]);
  tell_ = io::unique_fd(ends[1]);
  return success();
}

result<void> connection_children::start(const std::string& from, const work& what) {
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
    const int status =
        what([&](const std::string& client) { return ask_for_place(tell.get(), client); });
    ::_exit(status);
  }
  children_.push_back({pid, std::move(news), clock::now(), from, {}});
  return success();
}

void connection_children::add_polls(std::vector<pollfd>& to) const {
  for (const auto& one : children_) {
    if (one.news)
      to.push_back({one.news.get(), POLLIN, 0});
  }
}

bool connection_children::give_place(const std::string& client) {
  const auto own = count_of(client);
  if (may_have_place(children_.size() - unknown_count(), own))
    return true;
  if (may_warn(warned_of_known_at_))
    log::warn("client '{}' gets no further connection: of {} places {}", printable(client),
              known_max, fullest(&child::client));
  return false;
}

void connection_children::listen_to(child& one) {
  std::array<char, name_bytes> name = {};
  const auto got = ::recv(one.news.get(), name.data(), name.size(), MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR))
    return;
  // Without a name the child is gone; waitpid says so, perhaps a moment later.
  if (got > 0) {
    const std::string client(name.data(), static_cast<size_t>(got));
    const bool given = give_place(client);
    const char answer = given ? yes : 'n';
    if (::send(one.news.get(), &answer, 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1 && given)
      one.client = client;
  }
  one.news.reset();
}

void connection_children::look_after() {
  for (auto& one : children_)
    if (one.news)
      listen_to(one);
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
    sleep_through(pause);
  }
  for (const auto& one : children_) {
    ::kill(one.pid, SIGKILL);
    ::waitpid(one.pid, nullptr, 0);
  }
  children_.clear();
}

} // namespace pgbraid::cli

// Programs beside us, and TCP: what is passed on, what is said, and how it ends.
// SPDX-License-Identifier: MIT
#include "engine/base/clock.hpp"
#include "engine/net/child_process.hpp"
#include "engine/net/tcp_socket.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::net;
using namespace std::chrono_literals;

namespace {

/// Far more than anything here takes.
constexpr auto in_time = 60s;

std::string read_to_end(int fd) {
  std::string all;
  std::array<char, 4096> piece{};
  for (ssize_t got = 0; (got = ::read(fd, piece.data(), piece.size())) > 0;)
    all.append(piece.data(), static_cast<size_t>(got));
  return all;
}

child_process started(std::vector<std::string> argv) {
  auto made = child_process::start(argv);
  REQUIRE(made);
  return std::move(*made);
}

uint16_t port_of(int listener) {
  sockaddr_storage at = {};
  socklen_t size = sizeof(at);
  REQUIRE(::getsockname(listener, reinterpret_cast<sockaddr*>(&at), &size) == 0);
  return at.ss_family == AF_INET6 ? ntohs(reinterpret_cast<const sockaddr_in6&>(at).sin6_port)
                                  : ntohs(reinterpret_cast<const sockaddr_in&>(at).sin_port);
}

/// A listener of this host alone, on a port that was free.
io::unique_fd listen_here() {
  auto all = net::listen_tcp("127.0.0.1", 0);
  REQUIRE(all);
  REQUIRE(all->size() == 1);
  return std::move(all->front());
}

void wait_readable(int fd) {
  pollfd one{.fd = fd, .events = POLLIN, .revents = 0};
  REQUIRE(::poll(&one, 1, 60'000) == 1);
}

int option_of(int fd, int level, int name) {
  int value = 0;
  socklen_t size = sizeof(value);
  REQUIRE(::getsockopt(fd, level, name, &value, &size) == 0);
  return value;
}

} // namespace

TEST_CASE("child process: gets its words as they are, and its standard input") {
  auto child = started({"sh", "-c", "printf '%s|' \"$@\"; cat", "name", "a b", "", "$x", "\n'\""});
  REQUIRE(::write(child.to_child.get(), "said", 4) == 4);
  child.to_child.reset();
  CHECK(read_to_end(child.from_child.get()) == "a b||$x|\n'\"|said");
  const auto status = child.wait(in_time);
  REQUIRE(status);
  CHECK(WIFEXITED(*status));
  CHECK(WEXITSTATUS(*status) == 0);
  CHECK(child.wait(0ms) == status); // and it stays that
}

TEST_CASE("child process: its status and its last words are told") {
  for (const int code : {0, 1, 39, 255}) {
    auto child = started({"sh", "-c", "echo words >&2; exit " + std::to_string(code)});
    const auto status = child.wait(in_time);
    REQUIRE(status);
    CHECK(WEXITSTATUS(*status) == code);
    CHECK(child.said() == "words\n");
  }
  auto killed = started({"sh", "-c", "kill -9 $$"});
  const auto status = killed.wait(in_time);
  REQUIRE(status);
  CHECK(WIFSIGNALED(*status));
  CHECK(WTERMSIG(*status) == SIGKILL);
}

TEST_CASE("child process: of what it prints to standard error the first 64 KiB are kept") {
  auto child = started({"sh", "-c", "head -c 200000 /dev/zero | tr '\\0' x >&2; echo end"});
  CHECK(read_to_end(child.from_child.get()) == "end\n"); // it never waits for us
  REQUIRE(child.wait(in_time));
  CHECK(child.said() == std::string(size_t{64} << 10, 'x'));
}

TEST_CASE("child process: what cannot be started is 102, and names the program") {
  for (const std::string program : {"/no/such/program", "pgbraid-no-such-program", "/etc"}) {
    const auto none = child_process::start({program, "x"});
    REQUIRE_FALSE(none);
    CHECK(none.failure().code == errc::execute);
    CHECK(none.failure().message.find(program) != std::string::npos);
  }
}

TEST_CASE("tcp: two ends of a connection, and who it is from") {
  const auto listener = listen_here();
  const auto port = port_of(listener.get());
  CHECK_FALSE(net::accept_tcp(listener.get(), {})->has_value()); // none waits
  auto mine = net::connect_tcp("127.0.0.1", port, {}, monotonic::now() + in_time);
  REQUIRE(mine);
  wait_readable(listener.get());
  auto theirs = net::accept_tcp(listener.get(), {});
  REQUIRE(theirs);
  REQUIRE(theirs->has_value());
  CHECK((*theirs)->from.starts_with("127.0.0.1"));
  CHECK_FALSE(accept_tcp(listener.get(), {})->has_value());
}

TEST_CASE("tcp: keep-alive is what was asked for, at both ends") {
  const auto listener = listen_here();
  for (const auto& how : {net::keep_alive{}, net::keep_alive{.on = false},
                          keep_alive{.count = 3, .idle_s = 7, .interval_s = 11}}) {
    auto mine = connect_tcp("127.0.0.1", port_of(listener.get()), how, monotonic::now() + in_time);
    REQUIRE(mine);
    wait_readable(listener.get());
    auto theirs = accept_tcp(listener.get(), how);
    REQUIRE(theirs);
    REQUIRE(theirs->has_value());
    for (const int fd : {mine->get(), (*theirs)->socket.get()}) {
      CHECK((option_of(fd, SOL_SOCKET, SO_KEEPALIVE) != 0) == how.on);
      if (how.count)
        CHECK(option_of(fd, IPPROTO_TCP, TCP_KEEPCNT) == *how.count);
      if (how.idle_s)
        CHECK(option_of(fd, IPPROTO_TCP, TCP_KEEPIDLE) == *how.idle_s);
      if (how.interval_s)
        CHECK(option_of(fd, IPPROTO_TCP, TCP_KEEPINTVL) == *how.interval_s);
      CHECK((::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    }
  }
}

TEST_CASE("tcp: where nobody listens is 49 with host, port and reason; no such name is no host") {
  uint16_t port = 0;
  {
    const auto listener = listen_here();
    port = port_of(listener.get());
  }
  const auto until = monotonic::now() + in_time;
  const auto none = net::connect_tcp("127.0.0.1", port, {}, until);
  REQUIRE_FALSE(none);
  CHECK(none.failure().code == errc::host_connect);
  CHECK(none.failure().message == "unable to connect to '127.0.0.1:" + std::to_string(port) +
                                      " (127.0.0.1)': [111] Connection refused");
  // No label of a name has 70 letters, whatever name service answers here.
  const auto nobody = connect_tcp(std::string(70, 'x'), port, {}, until);
  REQUIRE_FALSE(nobody);
  CHECK(nobody.failure().code == errc::host_invalid);
}

TEST_CASE("tcp: a listener says where it listens, and for whom") {
  const auto here = listen_here();
  const auto place = net::place_of(here.get());
  CHECK(place.shown == "127.0.0.1:" + std::to_string(port_of(here.get())));
  CHECK(place.only_this_host);
  const auto all = net::listen_tcp("*", 0);
  REQUIRE(all);
  REQUIRE_FALSE(all->empty());
  for (const auto& one : *all)
    CHECK_FALSE(place_of(one.get()).only_this_host);
  // A port that is taken cannot be had twice.
  const auto twice = listen_tcp("127.0.0.1", port_of(here.get()));
  REQUIRE_FALSE(twice);
  CHECK(twice.failure().code == errc::host_connect);
}

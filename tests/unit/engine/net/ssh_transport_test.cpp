// A transport through a child, with shell scripts in the place of ssh.
// SPDX-License-Identifier: MIT
#include "engine/net/ssh_transport.hpp"
#include "tests/hostile.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <string>

using namespace pgbraid;
using namespace pgbraid::net;

namespace {

std::unique_ptr<net::transport> start(const std::string& script) {
  auto made =
      net::make_ssh_transport({.argv = {"sh", "-c", script}, .host = "pg1-srv", .process = 3});
  REQUIRE_MESSAGE(made, (made ? "" : made.failure().text()));
  return std::move(*made);
}

/// Everything until the other end closes.
std::string read_all(net::transport& from) {
  std::string out;
  std::array<std::byte, 65536> part;
  for (;;) {
    const auto got = from.read(part);
    REQUIRE(got);
    if (got->closed)
      return out;
    out += as_text(byte_view(part).first(got->bytes));
    pollfd one = {from.read_fd(), POLLIN, 0};
    REQUIRE((got->bytes > 0 || ::poll(&one, 1, 10'000) == 1));
  }
}

std::string farewell(const std::string& script) {
  auto over = start(script);
  read_all(*over);
  const auto said = over->farewell();
  return said ? std::to_string(static_cast<int>(said->code)) + ": " + said->message : "nothing";
}

} // namespace

TEST_CASE("ssh transport: carries bytes both ways") {
  auto over = start("exec cat");
  const std::string sent(100'000, 'x');
  std::string received;
  std::array<std::byte, 4096> part;
  size_t put = 0;
  while (received.size() < sent.size()) {
    const auto wrote = over->write(as_bytes(sent).subspan(put));
    REQUIRE(wrote);
    put += wrote->bytes;
    pollfd one = {over->read_fd(), POLLIN, 0};
    REQUIRE(::poll(&one, 1, 10'000) == 1);
    const auto got = over->read(part);
    REQUIRE(got);
    received += as_text(byte_view(part).first(got->bytes));
  }
  CHECK(received == sent);
}

TEST_CASE("ssh transport: what ssh printed and its status are the reason") {
  CHECK(farewell("printf 'ssh: connect to host pg1-srv port 22: No route to host\\r\\n' >&2; "
                 "exit 255") ==
        "125: remote-3 process on 'pg1-srv' terminated unexpectedly [255]: ssh: connect to host "
        "pg1-srv port 22: No route to host");
  CHECK(farewell("exit 127") == "125: remote-3 process on 'pg1-srv' terminated unexpectedly [127]");
  CHECK(farewell("kill -KILL $$") ==
        "102: remote-3 process on 'pg1-srv' terminated unexpectedly on signal 9");
  CHECK(farewell("printf 'a\\033[2Jb' >&2; exit 1") ==
        "125: remote-3 process on 'pg1-srv' terminated unexpectedly [1]: a\\x1b[2Jb");
}

TEST_CASE("ssh transport: a status that is one of ours is the code") {
  CHECK(farewell("echo 'ERROR: [031]: no' >&2; exit 31") ==
        "31: remote-3 process on 'pg1-srv' terminated unexpectedly [31]: ERROR: [031]: no");
  CHECK(farewell("exit 59").starts_with("125: "));
}

TEST_CASE("ssh transport: a child may print as much as it likes") {
  test::hostile("output that is no protocol");
  const auto said = farewell("head -c 1000000 /dev/zero | tr '\\0' x >&2; exit 255");
  CHECK(said.size() > 1000);
  CHECK(said.size() < 5000);
}

TEST_CASE("ssh transport: no program, no transport") {
  const auto made = net::make_ssh_transport({.argv = {"/nowhere/ssh"}, .host = "h"});
  REQUIRE_FALSE(made);
  CHECK(made.failure().code == errc::execute);
  CHECK(made.failure().message ==
        "unable to execute '/nowhere/ssh': [2] No such file or directory");
}

TEST_CASE("ssh transport: the child inherits nothing that is not its own") {
  const int leak = ::fcntl(STDERR_FILENO, F_DUPFD, 200); // on purpose without FD_CLOEXEC
  auto over = start("echo /proc/$$/fd/*; grep SigIgn /proc/self/status");
  const auto text = read_all(*over);
  ::close(leak);
  CHECK(text.find("/fd/2") != std::string::npos);
  // One more is the shell's own, for the list.
  CHECK(text.find("/fd/" + std::to_string(leak)) == std::string::npos);
  CHECK(text.find("/fd/4") == std::string::npos);
  const auto ignored = std::stoull(text.substr(text.find("SigIgn:") + 7), nullptr, 16);
  CHECK((ignored >> (SIGINT - 1) & 1) == 1);
  CHECK((ignored >> (SIGPIPE - 1) & 1) == 0);
}

TEST_CASE("ssh transport: closing ends a child that does not want to end") {
  auto over = start("trap '' TERM; echo $$; exec sleep 60 >&- <&-");
  const auto pid = static_cast<pid_t>(std::stol(read_all(*over)));
  const auto began = std::chrono::steady_clock::now();
  over->close();
  over->close();
  CHECK(::kill(pid, 0) != 0);
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(10));
}

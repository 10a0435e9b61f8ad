// Asking the resident archiver: whom callers believe, and when they stop to wait.
// SPDX-License-Identifier: MIT
#include "cli/archiver/ask_archiver.hpp"
#include "tests/unit/cli/archiver/archiver_rig.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <string>
#include <thread>

using namespace pgbraid;
using namespace pgbraid::cli;
using namespace std::chrono_literals;
using format::archiver_answer;
using kind = archiver_reply::kind;

namespace {

struct rig : test::archiver_rig {
  archiver_question question{
      .place = place, .wal = {.directory = "/pg_wal", .name = "a"}, .timeout = 20s, .silence = 20s};

  /// Asks a server that says this once it was asked, and breaks off unless it `stays`.
  result<archiver_reply> ask(const std::string& says, bool stays = false) const {
    const auto listener = listen();
    io::unique_fd there;
    const std::jthread server([&] {
      pollfd one = {listener.get(), POLLIN, 0};
      ::poll(&one, 1, 10'000);
      there = io::unique_fd(::accept(listener.get(), nullptr, nullptr));
      char asked = 0;
      ::recv(there.get(), &asked, 1, MSG_PEEK);
      ::send(there.get(), says.data(), says.size(), MSG_NOSIGNAL);
      if (!stays)
        there.reset();
    });
    return ask_archiver(question);
  }
};

std::string said(const archiver_answer& one) {
  return format::render(one);
}

} // namespace

TEST_CASE("ask archiver: what it says is what is heard") {
  const rig here;
  const auto wait = said(format::archiver_wait{});
  auto reply = here.ask(wait + wait + said(format::archiver_done{104, "down"}));
  REQUIRE(reply);
  CHECK(reply->is == kind::done);
  CHECK(reply->code == 104);
  CHECK(reply->text == "down");
  reply = here.ask(said(format::archiver_elsewhere{"stops"}));
  REQUIRE(reply);
  CHECK(reply->is == kind::elsewhere);
  CHECK(reply->text == "stops");
}

TEST_CASE("ask archiver: whoever breaks off or talks nonsense is nobody") {
  const rig here;
  const auto done = said(format::archiver_done{});
  for (const auto& says :
       {std::string(), said(format::archiver_wait{}), done.substr(0, done.size() - 1),
        std::string("HTTP/1.0 200 OK\r\n\r\n"), said(format::archiver_hello{"1", 2})}) {
    const auto reply = here.ask(says);
    REQUIRE(reply);
    CHECK(reply->is == kind::nobody);
  }
}

TEST_CASE("ask archiver: whoever is silent is nobody, and all of it has a limit") {
  rig here;
  here.question.silence = 50ms;
  const auto reply = here.ask(said(format::archiver_wait{}), true);
  REQUIRE(reply);
  CHECK(reply->is == kind::nobody);
  here.question.silence = 20s;
  here.question.timeout = 50ms;
  const auto late = here.ask(said(format::archiver_wait{}), true);
  REQUIRE(!late);
  CHECK(late.failure().code == errc::archive_timeout);
}

TEST_CASE("ask archiver: without a socket, or a server behind it, there is nobody") {
  const rig here;
  CHECK_FALSE(is_archiver_there(here.place));
  CHECK(ask_archiver(here.question)->is == kind::nobody);
  here.listen().reset();
  CHECK(is_archiver_there(here.place));
  CHECK(ask_archiver(here.question)->is == kind::nobody);
  auto far = here.question;
  far.place.path = "/" + std::string(200, 'x');
  CHECK(ask_archiver(far)->is == kind::nobody);
}

TEST_CASE("ask archiver: what cannot be the server's socket is not asked") {
  const rig here;
  {
    const auto listener = here.listen();
    ::chmod(here.place.path.c_str(), 0622);
    CHECK(ask_archiver(here.question).failure().code == errc::file_mode);
    ::chmod(here.place.path.c_str(), 0600);
    ::chmod(here.place.directory.c_str(), 0777);
    CHECK(ask_archiver(here.question).failure().code == errc::file_mode);
    ::chmod(here.place.directory.c_str(), 0700);
  }
  ::unlink(here.place.path.c_str());
  std::ofstream(here.place.path) << "no socket";
  CHECK(ask_archiver(here.question).failure().code == errc::file_invalid);
  CHECK(listen_for_callers(here.place).failure().code == errc::file_exists);
}

TEST_CASE("ask archiver: a socket is taken for this user alone, and from who left it") {
  const rig here;
  auto first = here.listen();
  struct stat found = {};
  REQUIRE(::lstat(here.place.path.c_str(), &found) == 0);
  CHECK((found.st_mode & 0777) == 0600);
  const auto second = here.listen();
  CHECK(check_given_socket(second.get(), here.place));
  auto other = here.place;
  other.path += "x";
  CHECK_FALSE(check_given_socket(second.get(), other));
  CHECK_FALSE(check_given_socket(STDIN_FILENO, here.place));
  const auto connected = here.connect();
  CHECK_FALSE(check_given_socket(connected.get(), here.place));
  CHECK(is_trusted_peer(connected.get()));
}

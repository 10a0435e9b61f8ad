// Words for the shell of another host, read back by a shell.
// SPDX-License-Identifier: MIT
#include "cli/open/ssh_words.hpp"
#include "engine/base/shell_word.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/engine/config/run.hpp"
#include "tests/unit/property.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <string>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::test;

namespace {

/// What `sh` hands to a program for these words, each with a NUL behind it.
std::string read_by_shell(const std::string& words) {
  // As sshd does it: the whole of it is one argument of sh.
  const auto script = "for word in " + words + "; do printf '%s\\0' \"$word\"; done";
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(ends[1], STDOUT_FILENO);
    ::execl("/bin/sh", "sh", "-c", script.c_str(), nullptr);
    ::_exit(127);
  }
  ::close(ends[1]);
  std::string out;
  std::array<char, 4096> piece{};
  for (ssize_t got = 0; (got = ::read(ends[0], piece.data(), piece.size())) > 0;)
    out.append(piece.data(), static_cast<size_t>(got));
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  return out;
}

/// Text that can be an argument at all: without NUL.
rc::Gen<std::string> any_argument() {
  const std::string nasty = "$`\"\\'!*?[]{}()<>|&;# \t\n~=%^,ab/\r\x01\x7f\xff\xc3";
  return rc::gen::container<std::string>(rc::gen::elementOf(nasty));
}

} // namespace

TEST_CASE("shell words: a shell reads back what was written, whatever it is") {
  for_all(
      [] {
        std::string words;
        std::string expected;
        for (const auto& one : *rc::gen::container<std::vector<std::string>>(any_argument())) {
          words += " " + shell_word(one);
          expected += one + '\0';
        }
        hostile("words of a client's command line");
        RC_ASSERT(read_by_shell(words) == expected);
      },
      60);
}

TEST_CASE("shell words: a command line with any values is one of the same words over there") {
  for_all(
      [] {
        const auto text = *rc::gen::nonEmpty(rc::gen::container<std::string>(
            rc::gen::elementOf(std::string("$`\"\\'!*?[]{}()<>|&;# \t~=%ab"))));
        config::run one{{"info", "--stanza=demo", "--repo1-host=h", "--repo1-host-cmd=/x/" + text}};
        auto opts = one.load();
        RC_PRE(static_cast<bool>(opts));
        opts->set_exec_id("1-00000000");
        const auto made = cli::ssh_words(*opts, config::option_group::repo, 0, 3);
        RC_ASSERT(static_cast<bool>(made));
        std::string expected = "/x/" + text + '\0';
        for (const auto& word : opts->remote_words(config::option_group::repo, 0, 3))
          expected += word + '\0';
        hostile("words of a client's command line");
        RC_ASSERT(read_by_shell(made->back()) == expected);
      },
      40);
}

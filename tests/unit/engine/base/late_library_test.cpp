// Libraries that are loaded when they are needed.
// SPDX-License-Identifier: MIT
#include "engine/base/late_function.hpp"
#include "engine/base/late_library.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

namespace pgbraid {

namespace {

/// How a process ends that calls a function of a library that nobody has.
int status_without_library() {
  const pid_t child = ::fork();
  if (child == 0) {
    const int nowhere = ::open("/dev/null", O_WRONLY);
    ::dup2(nowhere, STDOUT_FILENO);
    late_library none("libnobody-has-this.so.1");
    late_address(none, "function");
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

} // namespace

TEST_CASE("late library: one that is there is loaded once, and has its functions") {
  late_library standard("libc.so.6");
  REQUIRE(standard.load());
  REQUIRE(standard.load());
  const auto length = reinterpret_cast<decltype(std::strlen)*>(standard.function("strlen"));
  CHECK(length("twelve bytes") == 12);
}

TEST_CASE("late library: several threads may need it first") {
  late_library standard("libc.so.6");
  std::vector<std::thread> all;
  std::atomic<int> loaded = 0;
  for (int i = 0; i < 8; ++i)
    all.emplace_back([&] { loaded += standard.load() ? 1 : 0; });
  for (auto& one : all)
    one.join();
  CHECK(loaded == 8);
}

TEST_CASE("late library: one that is missing is an error that names it, each time") {
  late_library none("libnobody-has-this.so.1");
  for (int i = 0; i < 2; ++i) {
    const auto loaded = none.load();
    REQUIRE_FALSE(loaded);
    CHECK(loaded.failure().code == errc::file_missing);
    CHECK(loaded.failure().message.find("libnobody-has-this.so.1") != std::string::npos);
  }
}

TEST_CASE(
    "late library: a process that cannot go on without one ends as the dynamic linker would") {
  CHECK(status_without_library() == 127);
}

TEST_CASE("late library: the address of a function is the function") {
  late_library standard("libc.so.6");
  const auto length = reinterpret_cast<decltype(std::strlen)*>(late_address(standard, "strlen"));
  CHECK(length("twelve bytes") == 12);
}

} // namespace pgbraid

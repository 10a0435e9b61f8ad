// Shapes of log lines and where they go (shared/spec/options.md, section 2).
// SPDX-License-Identifier: MIT
#include "engine/base/log.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>
#include <vector>

using namespace pgbraid;
namespace fs = std::filesystem;

namespace {

/// A directory that goes away with its content.
struct scratch {
  scratch() {
    std::string name = (fs::temp_directory_path() / "pgbraid-log-XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  ~scratch() { fs::remove_all(path); }
  std::string file(const std::string& name) const { return (path / name).string(); }

  fs::path path;
};

std::string content(const std::string& file) {
  std::ifstream in(file);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

/// What `work` writes to a descriptor.
template <class Work> std::string captured(int descriptor, const Work& work) {
  const scratch dir;
  std::fflush(stdout);
  const int saved = ::dup(descriptor);
  const int file = ::open(dir.file("out").c_str(), O_CREAT | O_WRONLY, 0600);
  ::dup2(file, descriptor);
  work();
  ::dup2(saved, descriptor);
  ::close(saved);
  ::close(file);
  return content(dir.file("out"));
}

} // namespace

TEST_CASE("log: a console line without time stamp") {
  log::configure({.console = log::level::info, .timestamp = false});
  CHECK(captured(1, [] { log::info("backup of {}", "demo"); }) == "P00   INFO: backup of demo\n");
  CHECK(captured(1, [] { log::warn("careful"); }) == "P00   WARN: careful\n");
  CHECK(captured(1, [] { log::write(log::level::error, "bad", 7); }) == "P07  ERROR: bad\n");
  CHECK(captured(1, [] { log::detail("hidden"); }).empty());
}

TEST_CASE("log: a console line with time stamp") {
  log::configure({.console = log::level::detail});
  const auto line = captured(1, [] { log::detail("x"); });
  REQUIRE(line.size() > 23);
  // Digits as 0, so that any time has the same shape.
  auto shape = line;
  std::replace_if(
      shape.begin(), shape.begin() + 23, [](char c) { return c >= '0' && c <= '9'; }, '0');
  CHECK(shape == "0000-00-00 00:00:00.000 P00 DETAIL: x\n");
}

TEST_CASE("log: further lines start below the message") {
  log::configure({.console = log::level::warn, .timestamp = false});
  CHECK(captured(1,
                 [] {
                   log::failure({errc::file_missing, "unable to open missing file '/x' for read",
                                 "is it there?\nwas it ever?"});
                 }) == "P00  ERROR: [055]: unable to open missing file '/x' for read\n"
                       "            HINT: is it there?\n"
                       "            HINT: was it ever?\n");
}

TEST_CASE("log: stderr takes lines away from stdout and has the level only") {
  log::configure({.console = log::level::info, .to_stderr = log::level::warn, .timestamp = false});
  std::string other;
  const auto out = captured(1, [&] {
    other = captured(2, [] {
      log::info("stays");
      log::warn("goes");
      log::failure({errc::option_invalid, "invalid option '--foo'", "look"});
    });
  });
  CHECK(out == "P00   INFO: stays\n");
  CHECK(other == "WARN: goes\nERROR: [031]: invalid option '--foo'\n       HINT: look\n");
}

TEST_CASE("log: dry runs say so, errors after the code; three digits of a process") {
  log::configure(
      {.console = log::level::info, .timestamp = false, .dry_run = true, .process_digits = 3});
  CHECK(captured(1, [] { log::info("x"); }) == "P000   INFO: [DRY-RUN] x\n");
  CHECK(captured(1, [] {
          log::failure({errc::stop, "y"});
        }) == "P000  ERROR: [062]: [DRY-RUN] y\n");
}

TEST_CASE("log: a file begins each run with a banner, after a blank line when it has content") {
  const scratch dir;
  const auto path = dir.file("demo-backup.log");
  log::configure({.console = log::level::off, .file = log::level::info, .timestamp = false});
  for (int run = 0; run < 2; ++run) {
    REQUIRE(log::open_file(path));
    log::info("first");
    log::detail("too much");
    log::close_file();
  }
  const std::string once = "-------------------PROCESS START-------------------\n"
                           "P00   INFO: first\n";
  CHECK(content(path) == once + "\n" + once);
  struct stat about = {};
  REQUIRE(::stat(path.c_str(), &about) == 0);
  CHECK((about.st_mode & 0777 & ~0640U) == 0);
}

TEST_CASE("log: a run that logs nothing leaves the file as it was") {
  const scratch dir;
  log::configure({.console = log::level::off, .file = log::level::warn});
  REQUIRE(log::open_file(dir.file("x.log")));
  log::info("below the level");
  log::close_file();
  CHECK(content(dir.file("x.log")).empty());
}

TEST_CASE("log: a file that cannot be opened is an error with the reason") {
  const scratch dir;
  const auto opened = log::open_file(dir.file("none/x.log"));
  REQUIRE(!opened);
  CHECK(opened.failure().code == errc::file_open);
  CHECK(opened.failure().message.find("[2] No such file or directory") != std::string::npos);
}

TEST_CASE("log: a closed pipe is survived") {
  ::signal(SIGPIPE, SIG_IGN);
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  ::close(ends[0]);
  std::fflush(stdout);
  const int saved = ::dup(1);
  ::dup2(ends[1], 1);
  log::configure({.console = log::level::info});
  log::info("nobody reads this");
  ::dup2(saved, 1);
  ::close(saved);
  ::close(ends[1]);
}

TEST_CASE("log: lines of many threads stay whole") {
  const scratch dir;
  log::configure({.console = log::level::off, .file = log::level::info, .timestamp = false});
  REQUIRE(log::open_file(dir.file("x.log")));
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([] {
      for (int j = 0; j < 200; ++j)
        log::info("{}", std::string(100, 'x'));
    });
  for (auto& one : threads)
    one.join();
  log::close_file();
  std::istringstream in(content(dir.file("x.log")));
  std::string line;
  std::getline(in, line);
  size_t count = 0;
  for (; std::getline(in, line); ++count)
    REQUIRE(line == "P00   INFO: " + std::string(100, 'x'));
  CHECK(count == 800);
}

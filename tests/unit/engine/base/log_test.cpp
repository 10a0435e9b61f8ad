// Shapes of log lines and where they go (cli/command/README.md, section 1.3).
// SPDX-License-Identifier: MIT
#include "engine/base/last_line.hpp"
#include "engine/base/log.hpp"
#include "engine/base/log_sink.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>
#include <utility>
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

namespace {

/// Two ends of something; nobody reads the one until the test does.
struct channel {
  int reader = -1;
  int writer = -1;
  channel() = default;
  channel(channel&& other) noexcept
      : reader(std::exchange(other.reader, -1)), writer(std::exchange(other.writer, -1)) {}
  ~channel() {
    ::close(reader);
    ::close(writer);
  }
  /// What is there now.
  std::string take() const {
    std::string all(1 << 20, ' ');
    const auto got = ::read(reader, all.data(), all.size());
    all.resize(got > 0 ? static_cast<size_t>(got) : 0);
    return all;
  }
};

channel full_pipe() {
  channel made;
  int ends[2] = {};
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  made.reader = ends[0];
  made.writer = ends[1];
  return made;
}

channel full_socket() {
  channel made;
  int ends[2] = {};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  made.reader = ends[0];
  made.writer = ends[1];
  return made;
}

channel stopped_terminal() {
  channel made;
  REQUIRE(::openpty(&made.reader, &made.writer, nullptr, nullptr, nullptr) == 0);
  REQUIRE(::tcflow(made.writer, TCOOFF) == 0); // what Ctrl-S does
  return made;
}

} // namespace

TEST_CASE("log: a place that nobody reads costs its lines, not the program") {
  // Without an end to the wait this test would not end.
  for (const auto& make : {full_pipe, full_socket, stopped_terminal}) {
    const auto to = make();
    log::sink sink;
    const std::string line(1000, 'x');
    size_t taken = 0;
    while (sink.put(to.writer, line + "\n"))
      REQUIRE(++taken < 10000);
    CHECK(sink.is_stuck());
    CHECK(sink.lost() == 1);
    // Thousands of further lines would take hours if each of them were waited for.
    for (int i = 0; i < 5000; ++i)
      sink.put(to.writer, line);
    CHECK(sink.lost() == 5001);
  }
}

TEST_CASE("log: a line longer than what a pipe takes is given up, too") {
  const auto to = full_pipe();
  log::sink sink;
  CHECK_FALSE(sink.put(to.writer, std::string(1 << 20, 'x')));
  CHECK(sink.is_torn());
}

TEST_CASE("log: who reads again is told how much is missing") {
  const scratch dir;
  const auto to = full_pipe();
  std::fflush(stdout);
  const int saved = ::dup(1);
  ::dup2(to.writer, 1);
  log::configure({.console = log::level::info, .file = log::level::info, .timestamp = false});
  REQUIRE(log::open_file(dir.file("x.log")));
  const std::string line(1000, 'x');
  for (int i = 0; i < 100; ++i)
    log::info("{}", line);
  auto seen = to.take();
  log::info("again");
  seen += to.take();
  ::dup2(saved, 1);
  ::close(saved);
  log::close_file();
  const auto kept = static_cast<size_t>(std::count(seen.begin(), seen.end(), 'x')) / line.size();
  CHECK(kept < 100);
  CHECK(seen.ends_with(std::to_string(100 - kept) +
                       " lines of the log could not be written here\nP00   INFO: again\n"));
  const auto file = content(dir.file("x.log"));
  CHECK(std::count(file.begin(), file.end(), 'x') == 100 * 1000);
  CHECK(file.find("P00   WARN: nobody reads standard output: lines are lost there\n") !=
        std::string::npos);
}

TEST_CASE("log: a log file that is a pipe without a reader is refused, a full one loses lines") {
  const scratch dir;
  const auto path = dir.file("x.log");
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  log::configure({.console = log::level::off, .file = log::level::info, .timestamp = false});
  CHECK_FALSE(log::open_file(path));
  const int reader = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  REQUIRE(log::open_file(path));
  for (int i = 0; i < 200; ++i)
    log::info("{}", std::string(1000, 'x'));
  log::close_file();
  ::close(reader);
}

TEST_CASE("log: the last line needs no lock and has the shape of the others") {
  const scratch dir;
  log::configure({.console = log::level::off, .file = log::level::info});
  REQUIRE(log::open_file(dir.file("x.log")));
  log::info("first");
  log::last_line(log::level::detail, "below the level");
  log::last_line(log::level::info, "the end");
  log::close_file();
  log::last_line(log::level::info, "without a file");
  std::istringstream in(content(dir.file("x.log")));
  std::string banner, first, last, more;
  std::getline(in, banner);
  std::getline(in, first);
  std::getline(in, last);
  CHECK_FALSE(std::getline(in, more));
  // The same day and minute, or the next: what is compared is the shape and the zone.
  REQUIRE(last.size() == std::string("0000-00-00 00:00:00.000 P00   INFO: the end").size());
  CHECK(last.substr(23) == " P00   INFO: the end");
  CHECK(first.substr(0, 13) <= last.substr(0, 13));
  tm parsed{};
  REQUIRE(::strptime(last.c_str(), "%Y-%m-%d %H:%M:%S", &parsed) != nullptr);
  parsed.tm_isdst = -1;
  const auto apart = ::difftime(::time(nullptr), ::mktime(&parsed));
  CHECK(apart >= -1);
  CHECK(apart < 600);
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

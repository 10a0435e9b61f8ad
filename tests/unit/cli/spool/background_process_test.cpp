// A process that goes on by itself.
// SPDX-License-Identifier: MIT
#include "cli/spool/background_process.hpp"
#include "tests/unit/engine/io/scratch.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <string>

using namespace pgbraid;
using namespace pgbraid::test;

namespace {

/// Reads a pipe to its end, which comes when the last who could write to it is gone.
std::string read_fifo(const std::string& path) {
  const io::unique_fd from(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string out(4096, '\0');
  size_t size = 0;
  while (true) {
    const auto got = ::read(from.get(), out.data() + size, out.size() - size);
    if (got <= 0)
      break;
    size += static_cast<size_t>(got);
  }
  out.resize(size);
  return out;
}

} // namespace

TEST_CASE("background process: a session, a directory, an environment and descriptors of its own") {
  const scratch place;
  const auto fifo = place / "fifo";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  // One that would be inherited.
  const int open = ::open("/dev/null", O_RDONLY);
  const std::string script = "exec >" + fifo +
                             "; pwd; echo \"$NAME\"; ls /proc/$$/fd | tr '\\n' ' '; echo; "
                             "cut -d' ' -f6 /proc/$$/stat; echo $$";
  REQUIRE(
      cli::start_in_background({"/bin/sh", "-c", script}, {"NAME=a value", "PATH=/bin:/usr/bin"}));
  const auto said = read_fifo(fifo);
  ::close(open);
  std::istringstream lines(said);
  std::string directory, name, descriptors, session, process;
  std::getline(lines, directory);
  std::getline(lines, name);
  std::getline(lines, descriptors);
  std::getline(lines, session);
  std::getline(lines, process);
  CHECK(directory == "/");
  CHECK(name == "a value");
  CHECK(descriptors.find(' ' + std::to_string(open) + ' ') == std::string::npos);
  CHECK(session != std::to_string(::getsid(0)));
  CHECK(::waitpid(-1, nullptr, WNOHANG) == -1); // It is nobody's child.
  CHECK(errno == ECHILD);
}

TEST_CASE("background process: a program that is not there") {
  const auto started = cli::start_in_background({"/nowhere/at/all"}, {});
  REQUIRE_FALSE(started);
  CHECK(started.failure().code == errc::execute);
  CHECK(started.failure().message ==
        "unable to start '/nowhere/at/all' in the background: [2] No such file or directory");
}

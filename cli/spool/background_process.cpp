// A process that goes on when the command that started it is over.
// SPDX-License-Identifier: MIT
#include "cli/spool/background_process.hpp"

#include "engine/base/bytes.hpp"
#include "engine/io/unique_fd.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>

namespace pgbraid::cli {

namespace {

std::vector<char*> pointers_to(const std::vector<std::string>& words) {
  std::vector<char*> out;
  for (const auto& word : words)
    out.push_back(const_cast<char*>(word.c_str()));
  out.push_back(nullptr);
  return out;
}

/// Says why there will be no process, and ends. The parent reads nothing where all went well.
[[noreturn]] void give_up(int tell) {
  const int why = errno;
  [[maybe_unused]] const auto told = ::write(tell, &why, sizeof why);
  ::_exit(EXIT_FAILURE);
}

void forget_signals() {
  struct sigaction plain = {};
  plain.sa_handler = SIG_DFL;
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGPIPE, SIGCHLD, SIGQUIT})
    ::sigaction(number, &plain, nullptr);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

/// Standard output and error to nowhere; everything else is closed, but for the way to tell of a
/// failure, which the start of the program closes.
bool leave_descriptors(int& tell) {
  constexpr int first_other = 3;
  const int nowhere = ::open("/dev/null", O_RDWR);
  if (nowhere < 0)
    return false;
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (::dup2(nowhere, standard) < 0)
      return false;
  if (tell != first_other && ::dup3(tell, first_other, O_CLOEXEC) < 0)
    return false;
  tell = first_other;
  return ::close_range(first_other + 1, ~0U, 0) == 0 || errno == ENOSYS;
}

/// Between fork and exec: only what is safe in a signal handler.
[[noreturn]] void become(int tell, char* const* argv, char* const* environment) {
  ::setsid();
  const auto child = ::fork();
  if (child < 0)
    give_up(tell);
  if (child > 0)
    ::_exit(EXIT_SUCCESS);
  forget_signals();
  if (!leave_descriptors(tell) || ::chdir("/") != 0)
    give_up(tell);
  ::execve(argv[0], argv, environment);
  give_up(tell);
}

} // namespace

result<void> start_in_background(const std::vector<std::string>& argv,
                                 const std::vector<std::string>& environment) {
  const auto failed = [&](int why) {
    return system_error(errc::execute,
                        fmt::format("unable to start '{}' in the background", argv[0]), why);
  };
  const auto words = pointers_to(argv);
  const auto variables = pointers_to(environment);
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    return failed(errno);
  const io::unique_fd hear(ends[0]);
  io::unique_fd tell(ends[1]);
  // Where a standard descriptor was closed, the pipe may be in its place.
  if (ends[1] <= STDERR_FILENO)
    tell = io::unique_fd(::fcntl(ends[1], F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  if (!tell)
    return failed(errno);
  const auto child = ::fork();
  if (child < 0)
    return failed(errno);
  if (child == 0)
    become(tell.get(), words.data(), variables.data());
  tell.reset();
  int why = 0;
  ssize_t got = -1;
  do
    got = ::read(hear.get(), &why, sizeof why);
  while (got < 0 && errno == EINTR);
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  return got == static_cast<ssize_t>(sizeof why) ? result<void>(failed(why)) : success();
}

} // namespace pgbraid::cli

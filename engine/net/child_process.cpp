// A program that runs beside us.
// SPDX-License-Identifier: MIT
#include "engine/net/child_process.hpp"

#include "engine/base/clock.hpp"
#include "engine/base/exit_children.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

namespace pgbraid::net {

namespace {

using std::chrono::milliseconds;

constexpr size_t errors_bytes = 64 * 1024;
constexpr int pipe_bytes = 256 * 1024;
/// Orderly end, then SIGTERM, then SIGKILL.
constexpr auto end_limit = milliseconds(1500);
constexpr auto term_limit = milliseconds(1000);
constexpr auto kill_limit = milliseconds(500);

error cannot_start(const std::string& program, int error_number) {
  return system_error(errc::execute, "unable to execute '" + program + "'", error_number);
}

/// The child puts descriptors at 0, 1 and 2, so none of its own may lie there.
io::unique_fd above_standard(int fd) {
  if (fd < 0 || fd > STDERR_FILENO)
    return io::unique_fd(fd);
  const int moved = ::fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  ::close(fd);
  return io::unique_fd(moved);
}

struct pipe_ends {
  io::unique_fd read;
  io::unique_fd write;
  explicit operator bool() const { return read && write; }
};

pipe_ends make_pipe() {
  std::array<int, 2> ends = {-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    return {};
  // Fewer turns for much data; a system that allows no more keeps its own size.
  ::fcntl(ends[1], F_SETPIPE_SZ, pipe_bytes);
  return {above_standard(ends[0]), above_standard(ends[1])};
}

/// Takes what the child says, never makes it wait, and cannot grow: a write that does not fit fails
/// in the child, which has nobody to tell.
io::unique_fd make_errors() {
  auto file = above_standard(::memfd_create("stderr", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file || ::ftruncate(file.get(), errors_bytes) != 0 ||
      ::fcntl(file.get(), F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK) != 0)
    return {};
  return file;
}

/// Between fork and exec only what is safe in a signal handler may be called.
[[noreturn]] void become(char* const* argv, char* const* environment, int in, int out, int err,
                         int tell, bool parent_lasts) {
  ::signal(SIGINT, SIG_IGN);
  ::signal(SIGPIPE, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  // The signal comes when the thread ends that forked, so only the main thread may ask for it.
  if (parent_lasts)
    ::prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
  ::umask(077); // ours may be 0, and ssh writes known_hosts
  if (::dup2(in, STDIN_FILENO) >= 0 && ::dup2(out, STDOUT_FILENO) >= 0 &&
      ::dup2(err, STDERR_FILENO) >= 0) {
    ::syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, 4 /* CLOSE_RANGE_CLOEXEC */);
    ::execvpe(argv[0], argv, environment);
  }
  const int failed = errno;
  [[maybe_unused]] const auto told = ::write(tell, &failed, sizeof(failed));
  ::_exit(127);
}

std::vector<char*> pointers_to(const std::vector<std::string>& argv) {
  std::vector<char*> out;
  for (const auto& word : argv)
    out.push_back(const_cast<char*>(word.c_str()));
  out.push_back(nullptr);
  return out;
}

/// Ours without the password that libpq takes from there: it is no business of ssh, nor of what its
/// configuration starts.
std::vector<char*> environment_of_child() {
  std::vector<char*> out;
  for (char** one = environ; *one != nullptr; ++one)
    if (!std::string_view(*one).starts_with("PGPASSWORD="))
      out.push_back(*one);
  out.push_back(nullptr);
  return out;
}

} // namespace

result<child_process> child_process::start(const std::vector<std::string>& argv) {
  assert(!argv.empty());
  auto in = make_pipe();
  auto out = make_pipe();
  auto tell = make_pipe();
  auto errors = make_errors();
  if (!in || !out || !tell || !errors)
    return cannot_start(argv.front(), errno);
  const auto words = pointers_to(argv);
  const auto environment = environment_of_child();
  const bool main_thread = ::syscall(SYS_gettid) == ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0)
    become(words.data(), environment.data(), in.read.get(), out.write.get(), errors.get(),
           tell.write.get(), main_thread);
  if (pid < 0)
    return cannot_start(argv.front(), errno);
  remember_exit_child(pid);
  child_process child;
  child.pid_ = pid;
  child.errors_ = std::move(errors);
  child.to_child = std::move(in.write);
  child.from_child = std::move(out.read);
  tell.write.reset();
  int failed = 0;
  ssize_t got = 0;
  // Its end of the pipe closes with exec.
  while ((got = ::read(tell.read.get(), &failed, sizeof(failed))) < 0 && errno == EINTR)
    ;
  if (got > 0)
    return cannot_start(argv.front(), failed);
  return child;
}

child_process::child_process(child_process&& other) noexcept
    : to_child(std::move(other.to_child)), from_child(std::move(other.from_child)),
      pid_(std::exchange(other.pid_, -1)), status_(other.status_),
      errors_(std::move(other.errors_)) {}

child_process::~child_process() {
  end();
}

std::optional<int> child_process::wait(milliseconds limit) {
  constexpr auto pause = milliseconds(2);
  const auto until = monotonic::now() + limit;
  while (pid_ > 0) {
    siginfo_t seen = {};
    // Looks without reaping, so that the number stays taken until it is forgotten.
    const int failed = ::waitid(P_PID, static_cast<id_t>(pid_), &seen, WEXITED | WNOHANG | WNOWAIT);
    if (failed == 0 && seen.si_pid == 0) {
      if (monotonic::now() >= until)
        return std::nullopt;
      sleep_through(pause);
      continue;
    }
    forget_exit_child(pid_);
    ::waitpid(pid_, &status_, 0);
    pid_ = -1;
  }
  return status_;
}

void child_process::end() {
  to_child.reset();
  from_child.reset();
  if (pid_ <= 0 || wait(end_limit))
    return;
  ::kill(pid_, SIGTERM);
  if (wait(term_limit))
    return;
  ::kill(pid_, SIGKILL);
  wait(kill_limit);
}

std::string child_process::said() const {
  const auto size = errors_ ? ::lseek(errors_.get(), 0, SEEK_CUR) : 0;
  if (size <= 0)
    return {};
  std::string text(static_cast<size_t>(size), '\0');
  const auto got = ::pread(errors_.get(), text.data(), text.size(), 0);
  text.resize(static_cast<size_t>(got > 0 ? got : 0));
  return text;
}

} // namespace pgbraid::net

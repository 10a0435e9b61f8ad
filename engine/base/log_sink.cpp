// Writing where nobody may read.
// SPDX-License-Identifier: MIT
#include "engine/base/log_sink.hpp"

#include "engine/base/clock.hpp"
#include "engine/base/stop_signal.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <mutex>

namespace pgbraid::log {

namespace {

using std::chrono::milliseconds;

constexpr auto patience = milliseconds(2000);
/// Whoever was told to end does not wait that long.
constexpr auto patience_after_signal = milliseconds(300);
constexpr auto slice = milliseconds(50);

extern "C" void on_interrupt(int) {}

int interrupt_signal() {
  static std::once_flag once;
  std::call_once(once, [] {
    struct sigaction action = {};
    action.sa_handler = on_interrupt; // without SA_RESTART: that is what it is for
    sigemptyset(&action.sa_mask);
    ::sigaction(SIGRTMIN, &action, nullptr);
  });
  return SIGRTMIN;
}

/// Interrupts system calls of this thread, again and again while it lives. That a descriptor was
/// ready is no promise: others write there, too, and a terminal may have room for a part only.
class interrupter {
public:
  interrupter() {
    sigevent how = {};
    how.sigev_notify = SIGEV_THREAD_ID;
    how.sigev_signo = interrupt_signal();
    how._sigev_un._tid = static_cast<pid_t>(::syscall(SYS_gettid));
    armed_ = ::timer_create(CLOCK_MONOTONIC, &how, &timer_) == 0;
    if (!armed_)
      return;
    const timespec tick = {0, std::chrono::nanoseconds(slice).count()};
    const itimerspec when = {tick, tick};
    ::timer_settime(timer_, 0, &when, nullptr);
  }
  ~interrupter() {
    if (armed_)
      ::timer_delete(timer_);
  }
  interrupter(const interrupter&) = delete;
  interrupter& operator=(const interrupter&) = delete;

private:
  timer_t timer_ = {};
  bool armed_ = false;
};

bool is_regular(int fd) {
  struct stat about = {};
  return ::fstat(fd, &about) == 0 && S_ISREG(about.st_mode);
}

/// One write; what it does not take within a slice it does not take. Negative with errno.
ssize_t write_some(int fd, std::string_view text) {
  if (is_regular(fd))
    return ::write(fd, text.data(), text.size());
  const interrupter limit;
  return ::write(fd, text.data(), text.size());
}

bool wait_writable(int fd, milliseconds longest) {
  pollfd waited{fd, POLLOUT, 0};
  // An error or a hang-up is told by the write.
  return ::poll(&waited, 1, static_cast<int>(longest.count())) > 0;
}

} // namespace

bool sink::put(int fd, std::string_view text) {
  if (write_all(fd, text)) {
    lost_ = 0;
    torn_ = false;
    stuck_ = false;
    return true;
  }
  ++lost_;
  return false;
}

bool sink::write_all(int fd, std::string_view text) {
  const auto began = monotonic::now();
  while (!text.empty()) {
    const auto longest = stop_signal != 0 ? patience_after_signal : patience;
    const bool tired = stuck_ || monotonic::now() - began >= longest;
    const bool ready = wait_writable(fd, tired ? milliseconds(0) : slice);
    const auto written = ready ? write_some(fd, text) : -1;
    if (written > 0) {
      text.remove_prefix(static_cast<size_t>(written));
      torn_ = !text.empty();
      continue;
    }
    if (ready && errno != EINTR && errno != EAGAIN)
      return false; // nobody can be told when the log itself fails
    if (tired) {
      stuck_ = true;
      return false;
    }
  }
  return true;
}

} // namespace pgbraid::log

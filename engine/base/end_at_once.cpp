// The end of a process that cannot, or must not, wait for anybody any more.
// SPDX-License-Identifier: MIT
#include "engine/base/end_at_once.hpp"

#include "engine/base/exit_children.hpp"
#include "engine/base/exit_locks.hpp"
#include "engine/base/last_line.hpp"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>

namespace pgbraid {

namespace {

std::atomic<int> exit_status = 0;

extern "C" void on_alarm(int) {
  ::_exit(exit_status);
}

/// The process ends with this status after a second, whatever holds it up then.
void end_soon(int status) {
  exit_status = status;
  struct sigaction action = {};
  action.sa_handler = on_alarm;
  sigemptyset(&action.sa_mask);
  ::sigaction(SIGALRM, &action, nullptr);
  sigset_t alarms;
  sigemptyset(&alarms);
  sigaddset(&alarms, SIGALRM);
  ::pthread_sigmask(SIG_UNBLOCK, &alarms, nullptr);
  ::alarm(1);
}

} // namespace

void say_at_once(const last_words& words) {
  if (!words.log_line.empty())
    log::last_line(words.at, words.log_line);
  pollfd out{words.descriptor, POLLOUT, 0};
  if (words.descriptor >= 0 && ::poll(&out, 1, 0) > 0) {
    // Nobody is left to be told when this fails.
    [[maybe_unused]] const auto written =
        ::write(words.descriptor, words.text.data(), words.text.size());
  }
}

void end_at_once(int status, const last_words& words) {
  end_exit_children();
  remove_exit_locks();
  // A file may be on a host that is gone, and a reader stop between two calls.
  end_soon(status);
  say_at_once(words);
  ::_exit(status);
}

} // namespace pgbraid

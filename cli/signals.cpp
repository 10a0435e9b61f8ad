// Termination signals.
// SPDX-License-Identifier: MIT
#include "cli/signals.hpp"

#include "engine/base/error.hpp"
#include "engine/base/exit_children.hpp"
#include "engine/base/exit_locks.hpp"
#include "engine/base/stop_signal.hpp"

#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

namespace pgbraid::cli {

namespace {

/// Only what is safe in a signal handler.
std::string_view line_for(int signal_number) {
  switch (signal_number) {
  case SIGINT:
    return "terminated on signal SIGINT\n";
  case SIGHUP:
    return "terminated on signal SIGHUP\n";
  default:
    return "terminated on signal SIGTERM\n";
  }
}

/// Managers of services signal a whole group, in which a parent signals its children once more:
/// what comes within this time is the first signal told again, not an impatient user.
constexpr int64_t told_again_ms = 1000;
std::atomic<int64_t> first_at_ms{0};

std::atomic<int> signal_status{static_cast<int>(errc::term)};

bool is_first_or_again() {
  timespec now = {};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  const int64_t now_ms = int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
  int64_t none = 0;
  first_at_ms.compare_exchange_strong(none, now_ms);
  return now_ms - first_at_ms < told_again_ms;
}

extern "C" void on_signal(int signal_number) {
  const int saved = errno;
  const bool may_wait = is_first_or_again();
  int none = 0;
  stop_signal.compare_exchange_strong(none, signal_number);
  if (may_wait && stop_is_polled) {
    errno = saved;
    return;
  }
  print_stop_line(signal_number);
  end_exit_children();
  remove_exit_locks();
  ::_exit(signal_status);
}

} // namespace

void print_stop_line(int signal_number) {
  const auto line = line_for(signal_number);
  // Nobody is left to be told when this fails.
  [[maybe_unused]] const auto written = ::write(STDOUT_FILENO, line.data(), line.size());
}

void set_signal_status(int status) {
  signal_status = status;
}

void install_signal_handlers() {
  struct sigaction action = {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  for (const int signal_number : {SIGTERM, SIGINT, SIGHUP})
    ::sigaction(signal_number, &action, nullptr);
  struct sigaction ignore = {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignore, nullptr);
}

} // namespace pgbraid::cli

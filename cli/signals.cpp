// Termination signals.
// SPDX-License-Identifier: MIT
#include "cli/signals.hpp"

#include "engine/base/error.hpp"
#include "engine/base/exit_children.hpp"
#include "engine/base/exit_files.hpp"
#include "engine/base/stop_signal.hpp"

#include <signal.h>
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

extern "C" void on_signal(int signal_number) {
  const int saved = errno;
  int none = 0;
  const bool first = stop_signal.compare_exchange_strong(none, signal_number);
  if (first && stop_is_polled) {
    errno = saved;
    return;
  }
  print_stop_line(signal_number);
  end_exit_children();
  remove_exit_files();
  ::_exit(static_cast<int>(errc::term));
}

} // namespace

void print_stop_line(int signal_number) {
  const auto line = line_for(signal_number);
  // Nobody is left to be told when this fails.
  [[maybe_unused]] const auto written = ::write(STDOUT_FILENO, line.data(), line.size());
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

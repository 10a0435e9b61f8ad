// Remembered children, in memory that a signal handler may read.
// SPDX-License-Identifier: MIT
#include "engine/base/exit_children.hpp"

#include <signal.h>

#include <array>
#include <atomic>

namespace pgbraid {

namespace {

std::array<std::atomic<pid_t>, 256> places;

void exchange(pid_t from, pid_t to) {
  for (auto& at : places) {
    pid_t expected = from;
    if (at.compare_exchange_strong(expected, to))
      return;
  }
}

} // namespace

void remember_exit_child(pid_t child) {
  exchange(0, child);
}

void forget_exit_child(pid_t child) {
  exchange(child, 0);
}

void end_exit_children() {
  for (auto& at : places)
    if (const pid_t child = at; child > 0)
      ::kill(child, SIGTERM);
}

} // namespace pgbraid

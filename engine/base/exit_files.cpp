// Remembered files, in memory that a signal handler may read.
// SPDX-License-Identifier: MIT
#include "engine/base/exit_files.hpp"

#include <unistd.h>

#include <array>
#include <atomic>
#include <cstring>
#include <mutex>

namespace pgbraid {

namespace {

struct place {
  std::atomic<bool> used{false}; ///< set after, and cleared before, the path changes
  std::array<char, 1024> path{};
};

std::array<place, 64> places;
std::mutex writers; // the handler does not take it

} // namespace

void remember_exit_file(std::string_view path) {
  const std::lock_guard lock(writers);
  for (auto& at : places) {
    if (at.used || path.size() >= at.path.size())
      continue;
    std::memcpy(at.path.data(), path.data(), path.size());
    at.path[path.size()] = '\0';
    at.used = true;
    return;
  }
}

void forget_exit_file(std::string_view path) {
  const std::lock_guard lock(writers);
  for (auto& at : places)
    if (at.used && path == at.path.data())
      at.used = false;
}

void remove_exit_files() {
  for (auto& at : places)
    if (at.used)
      ::unlink(at.path.data());
}

} // namespace pgbraid

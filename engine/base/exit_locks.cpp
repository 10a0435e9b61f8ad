// Remembered lock files, in memory that a signal handler may read.
// SPDX-License-Identifier: MIT
#include "engine/base/exit_locks.hpp"

#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstring>
#include <mutex>

namespace pgbraid {

namespace {

struct place {
  std::atomic<bool> used{false}; ///< set after, and cleared before, the others change
  int descriptor = -1;
  std::array<char, 1024> path{};
};

std::array<place, 64> places;
std::mutex writers; // the handler does not take it

} // namespace

void remember_exit_lock(std::string_view path, int descriptor) {
  const std::lock_guard lock(writers);
  for (auto& at : places) {
    if (at.used || path.size() >= at.path.size())
      continue;
    at.descriptor = descriptor;
    std::memcpy(at.path.data(), path.data(), path.size());
    at.path[path.size()] = '\0';
    at.used = true;
    return;
  }
}

void forget_exit_lock(int descriptor) {
  const std::lock_guard lock(writers);
  for (auto& at : places)
    if (at.used && at.descriptor == descriptor)
      at.used = false;
}

void remove_exit_locks() {
  for (auto& at : places) {
    // A lock that is shared goes with its last holder: only that one can have it alone.
    if (at.used && ::flock(at.descriptor, LOCK_EX | LOCK_NB) == 0 &&
        is_named(at.descriptor, at.path.data()))
      ::unlink(at.path.data());
  }
}

bool is_named(int descriptor, const char* path) {
  struct stat ours = {};
  struct stat named = {};
  return ::fstat(descriptor, &ours) == 0 && ::lstat(path, &named) == 0 &&
         ours.st_ino == named.st_ino && ours.st_dev == named.st_dev;
}

} // namespace pgbraid

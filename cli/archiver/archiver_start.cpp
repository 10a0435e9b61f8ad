// When a resident archiver is started for the calls that follow.
// SPDX-License-Identifier: MIT
#include "cli/archiver/archiver_start.hpp"

#include "engine/base/clock.hpp"
#include "engine/io/unique_fd.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace pgbraid::cli {

namespace {

constexpr mode_t first_mode = 0600;

/// By the clock on the wall, which may have been set back: then it is too long ago as well.
bool is_long_ago(const struct stat& noted) {
  return std::llabs(wall_s() - noted.st_mtim.tv_sec) >= archiver_start_pause.count();
}

} // namespace

std::string archiver_start_path(const archiver_place& place) {
  return place.path + ".starting";
}

result<bool> may_start_archiver(const archiver_place& place) {
  if (auto there = have_archiver_directory(place); !there)
    return there.failure();
  const auto path = archiver_start_path(place);
  const auto failed = [&] {
    return system_error(errc::file_open, fmt::format("unable to note in '{}' that it starts", path),
                        errno);
  };
  constexpr int flags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  bool is_new = true;
  io::unique_fd file(::open(path.c_str(), flags | O_EXCL, first_mode));
  if (!file && errno == EEXIST) {
    is_new = false;
    file = io::unique_fd(::open(path.c_str(), flags, first_mode));
  }
  if (!file)
    return failed();
  // Who looks and notes is alone with it; it goes with the descriptor.
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0)
    return false;
  struct stat noted = {};
  if (::fstat(file.get(), &noted) != 0)
    return failed();
  if (!is_new && !is_long_ago(noted))
    return false;
  if (::futimens(file.get(), nullptr) != 0)
    return failed();
  return true;
}

void archiver_has_started(const archiver_place& place) {
  ::unlink(archiver_start_path(place).c_str());
}

} // namespace pgbraid::cli

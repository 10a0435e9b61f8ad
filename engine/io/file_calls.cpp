// Calls on descriptors, and what they fail with.
// SPDX-License-Identifier: MIT
#include "engine/io/file_calls.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>

namespace pgbraid::io {

int looked_at(int fd, struct stat& found) {
  if (fd < 0 || ::fstat(fd, &found) == 0)
    return fd;
  const int failure = errno;
  ::close(fd);
  errno = failure;
  return -1;
}

int open_to_fill(int directory_fd, const char* name, int flags, struct stat& found) {
  constexpr mode_t first_mode = 0600;
  const int fd = looked_at(::openat(directory_fd, name, flags | O_CREAT, first_mode), found);
  const bool read_only = fd < 0 && errno == EACCES;
  if (!read_only && (fd < 0 || found.st_nlink <= 1))
    return fd;
  if (fd >= 0)
    ::close(fd);
  if (::unlinkat(directory_fd, name, 0) != 0) {
    if (read_only)
      errno = EACCES; // the directory is what may not be written
    return -1;
  }
  return looked_at(::openat(directory_fd, name, flags | O_CREAT | O_EXCL, first_mode), found);
}

result<size_t> read_fully(int fd, byte_span out, uint64_t offset_bytes, const std::string& shown) {
  size_t filled = 0;
  while (filled < out.size()) {
    const auto got = ::pread(fd, out.data() + filled, out.size() - filled,
                             static_cast<off_t>(offset_bytes + filled));
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return system_error(errc::file_read, "cannot read '" + shown + "'", errno);
    if (got == 0)
      break;
    filled += static_cast<size_t>(got);
  }
  return filled;
}

result<void> set_mtime(int fd, int64_t mtime_s, const std::string& shown) {
  const timespec times[2] = {{.tv_sec = 0, .tv_nsec = UTIME_OMIT},
                             {.tv_sec = mtime_s, .tv_nsec = 0}};
  if (::futimens(fd, times) != 0)
    return system_error(errc::file_write, "cannot set the time of '" + shown + "'", errno);
  return success();
}

error write_failure(int error_number, int directory_fd, uint64_t missing_bytes,
                    const std::string& shown) {
  auto failure = system_error(errc::file_write, "cannot write '" + shown + "'", error_number);
  if (error_number != ENOSPC && error_number != EDQUOT)
    return failure;
  struct statvfs space = {};
  if (::fstatvfs(directory_fd, &space) == 0)
    failure.hint = "There are " + std::to_string(uint64_t{space.f_bavail} * space.f_frsize) +
                   " bytes free there.\n";
  failure.hint +=
      "About " + std::to_string(missing_bytes) + " more bytes were needed for this file.";
  return failure;
}

void begin_sync(io_operation& operation, int fd, bool wanted, io_engine* engine) {
  operation = {.verb = io_verb::sync, .fd = fd};
  if (wanted && engine != nullptr)
    return engine->submit(operation);
  if (wanted && ::fsync(fd) != 0)
    operation.outcome = -errno;
  operation.done = true;
}

} // namespace pgbraid::io

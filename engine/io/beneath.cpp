// openat2 where the kernel has it, a walk of our own where not.
// SPDX-License-Identifier: MIT
#include "engine/io/beneath.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace pgbraid::io {

namespace {

unique_fd open_by_kernel(int fd, const char* path, int flags, uint32_t mode) {
  open_how how = {};
  how.flags = static_cast<uint64_t>(flags);
  how.mode = (flags & O_CREAT) != 0 ? mode : 0;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  // EAGAIN: something was renamed while the kernel walked; it says to try again.
  constexpr int attempts_limit = 32;
  long opened = -1;
  for (int attempt = 0; attempt < attempts_limit; ++attempt) {
    opened = ::syscall(SYS_openat2, fd, path, &how, sizeof(how));
    if (opened >= 0 || (errno != EAGAIN && errno != EINTR))
      break;
  }
  return unique_fd(static_cast<int>(opened));
}

// ENOSYS on old kernels; EPERM from sandboxes that do not know the call.
bool kernel_can() {
  static const bool can = static_cast<bool>(open_by_kernel(AT_FDCWD, ".", O_PATH | O_CLOEXEC, 0));
  return can;
}

// O_DIRECTORY on a link gives ENOTDIR, which would look like a file on the way.
int why_not_a_path(int fd, const char* name, int error_number) {
  struct stat found = {};
  if (error_number == ENOTDIR && ::fstatat(fd, name, &found, AT_SYMLINK_NOFOLLOW) == 0 &&
      S_ISLNK(found.st_mode))
    return EXDEV;
  return error_number;
}

unique_fd open_by_segment(int fd, const char* path, int flags, uint32_t mode) {
  unique_fd current;
  std::string segment;
  while (const char* slash = std::strchr(path, '/')) {
    segment.assign(path, slash);
    const auto from = current ? current.get() : fd;
    unique_fd next(::openat(from, segment.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!next) {
      errno = why_not_a_path(from, segment.c_str(), errno);
      return {};
    }
    current = std::move(next);
    path = slash + 1;
  }
  const auto from = current ? current.get() : fd;
  unique_fd last(::openat(from, path, flags, mode));
  if (!last && (flags & O_DIRECTORY) != 0)
    errno = why_not_a_path(from, path, errno);
  return last;
}

} // namespace

unique_fd open_beneath(int fd, const char* path, int flags, uint32_t mode, path_walk walk) {
  flags |= O_CLOEXEC;
  if (*path == '\0')
    path = ".";
  if (walk == path_walk::automatic && kernel_can())
    return open_by_kernel(fd, path, flags, mode);
  return open_by_segment(fd, path, flags | O_NOFOLLOW, mode);
}

} // namespace pgbraid::io

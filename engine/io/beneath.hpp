// Opening names below a directory without ever following a link.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/io/unique_fd.hpp"

#include <cstdint>

namespace pgbraid::io {

/// How names are resolved: by the kernel (openat2), or one segment after the other where it cannot.
enum class path_walk : uint8_t { automatic, by_segment };

/// Opens `path` relative to the directory `fd`; "" opens it anew. No link is followed, wherever it
/// leads: whoever may write into one directory of a repository must not be able to redirect what
/// others do into another one. With O_PATH and O_NOFOLLOW the last segment may be a link.
/// @param path   without empty, `.` or `..` segments
/// @param flags  of open(2); O_CLOEXEC is added
/// @returns an empty handle with errno set: ELOOP or EXDEV for a link
unique_fd open_beneath(int fd, const char* path, int flags, uint32_t mode = 0,
                       path_walk walk = path_walk::automatic);

} // namespace pgbraid::io

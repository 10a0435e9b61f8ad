// RLIMIT_NOFILE.
// SPDX-License-Identifier: MIT
#include "engine/io/descriptor_limit.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <limits>

namespace pgbraid::io {

void raise_descriptor_limit() {
  rlimit limit = {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max)
    return;
  limit.rlim_cur = limit.rlim_max;
  // Where that is refused the old one stays, and the budget of a job keeps to it.
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

size_t descriptor_limit() {
  rlimit limit = {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
    return 0;
  // Descriptors are ints, whatever "unlimited" says.
  return static_cast<size_t>(
      std::min<rlim_t>(limit.rlim_cur, static_cast<rlim_t>(std::numeric_limits<int>::max())));
}

} // namespace pgbraid::io

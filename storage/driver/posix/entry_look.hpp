// What the system says of an entry of a directory.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/storage.hpp"

namespace pgbraid::posix {

/// What there is below an open directory, or the open file itself; of a link, where it leads.
/// @param flags  of fstatat
/// @return 0 or errno
int look_at(int fd, const char* name, int flags, entry_info& info);

} // namespace pgbraid::posix

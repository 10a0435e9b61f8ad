// Removing a directory with all that is in it.
// SPDX-License-Identifier: MIT
#pragma once

namespace pgbraid {

/// Removes one name, with everything below when it is a directory. Links are removed, never
/// followed.
/// @returns 0 or errno; a missing name is no error, ELOOP means nested too deeply
int remove_below(int directory_fd, const char* name);
/// Empties an open directory.
int remove_content(int directory_fd);

} // namespace pgbraid

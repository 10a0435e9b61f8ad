// What readers, writers and updaters of files have to say to the system.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/io/io_engine.hpp"

#include <sys/stat.h>

#include <cstdint>
#include <string>

namespace pgbraid::io {

/// The descriptor that an open gave, once it has told what it is of; -1: see errno
int looked_at(int fd, struct stat& found);

/// Opens a name in a directory to fill it, or makes it (0600). A file that has other names, too,
/// and one that may only be read, as its mode in a backup may have been, is made anew: its owner
/// could change the mode, whoever wants other content there is no worse off.
/// @param found  gets what it is now
/// @return the descriptor; -1: see errno
int open_to_fill(int directory_fd, const char* name, int flags, struct stat& found);

/// Fills `out` from there unless the end of the file comes first. @param shown  for messages
result<size_t> read_fully(int fd, byte_span out, uint64_t offset_bytes, const std::string& shown);

/// Sets the time of the last change.
result<void> set_mtime(int fd, int64_t mtime_s, const std::string& shown);

/// What writing failed with; where there is no room, its hint says how much there is and is
/// missing.
/// @param directory_fd  of the file, to ask for its room
error write_failure(int error_number, int directory_fd, uint64_t missing_bytes,
                    const std::string& shown);

/// Syncs a file or directory: on the engine, or, without one, before this returns. The operation
/// tells the outcome. @param wanted  false: it is done at once
void begin_sync(io_operation& operation, int fd, bool wanted, io_engine* engine);

} // namespace pgbraid::io

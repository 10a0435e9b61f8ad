// Reading many small files at once.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/io/io_engine.hpp"

#include <span>

namespace pgbraid::io {

/// One file of a batch.
struct small_file {
  const char* path = nullptr; ///< relative to the directory of the batch; never leaves it
  byte_span room = {};        ///< where its first bytes go
  int64_t outcome = 0;        ///< bytes read, or -errno as read_beginning gives it
};

/// Reads the beginning of every file. If the first one is not in the page cache the others go
/// through the engine, `depth` at a time; otherwise, and without an engine, one after the other,
/// which is the fastest way then.
void read_small_files(int directory_fd, std::span<small_file> files, io_engine* engine);

/// Opens, reads and closes one file.
/// @returns the bytes read, or -errno: ELOOP and EXDEV for links, EINVAL for what is not a file
int64_t read_beginning(int directory_fd, const char* path, byte_span room);

} // namespace pgbraid::io

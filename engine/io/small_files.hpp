// Reading many small files at once.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/io/io_engine.hpp"

#include <span>
#include <vector>

namespace pgbraid::io {

/// One file of a batch.
struct small_file {
  const char* path = nullptr; ///< relative to the directory of the batch; never leaves it
  byte_span room = {};        ///< where its first bytes go
  int64_t outcome = 0;        ///< bytes read, or -errno (ELOOP/EXDEV: a link; EINVAL: not a file)
};

/// Reads the beginning of every file. If the first one is not in the page cache the others go
/// through the engine, `depth` at a time; otherwise, and without an engine, one after the other,
/// which is the fastest way then.
void read_small_files(int directory_fd, std::span<small_file> files, io_engine* engine);

} // namespace pgbraid::io

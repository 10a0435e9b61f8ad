// Where bytes come from and where they go, one file at a time.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/bytes.hpp"
#include "engine/base/result.hpp"

#include <cstdint>

namespace pgbraid::io {

/// A file being read from front to back. Closed by its destructor.
class reader {
public:
  virtual ~reader() = default;
  /// Fills `out` completely unless the end comes first; 0 means the end.
  virtual result<size_t> read(byte_span out) = 0;
  /// Reads at an offset from the start of the file without moving the position; fills `out`
  /// unless the end comes first. Used to look at a torn page again.
  virtual result<size_t> read_at(byte_span out, uint64_t offset_bytes) = 0;
};

/// A file being written from front to back. Destroyed before it is committed, it removes whatever
/// temporary name it made (files written in place stay, truncated or partial).
///
/// Committing has two halves so that nobody needs to wait for a disk: `begin_commit` hands the tail
/// and the fsync to the I/O engine, `committed` asks (or waits) for the end of it. Once `committed`
/// has returned true the data and, for atomic files, the name are on stable storage. An atomic file
/// may have its name as soon as `begin_commit` was called, and never before.
class writer {
public:
  virtual ~writer() = default;
  virtual result<void> write(byte_view in) = 0;
  virtual result<void> begin_commit() = 0;
  /// @param wait  block until the answer is known; false asks without blocking
  virtual result<bool> committed(bool wait) = 0;
};

/// A file whose parts are written in any order, and which may keep what it held before. Destroyed
/// before it is committed, it stays as far as it was written.
class updater {
public:
  virtual ~updater() = default;
  /// How much of the former content is there, from its start; 0 for a new file.
  virtual uint64_t kept_bytes() const = 0;
  /// As `reader::read_at`; what was written is seen.
  virtual result<size_t> read_at(byte_span out, uint64_t offset_bytes) = 0;
  /// Within the size that the file was opened with.
  virtual result<void> write_at(byte_view in, uint64_t offset_bytes) = 0;
  /// Both as of `writer`.
  virtual result<void> begin_commit() = 0;
  virtual result<bool> committed(bool wait) = 0;
};

/// Writes the tail, syncs and publishes, waiting for it.
template <class File> result<void> commit(File& file) {
  if (auto begun = file.begin_commit(); !begun)
    return begun;
  auto done = file.committed(true);
  if (!done)
    return done.failure();
  return success();
}

} // namespace pgbraid::io

// One sync of a file system in place of one for each of many small files.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/io/unique_fd.hpp"

#include <cstdint>
#include <optional>
#include <utility>

namespace pgbraid::io {

/// What is written there after `begin` is durable once `finish` was successful. Only on local file
/// systems that are known to tell of every write that failed since (Linux 5.8 and later: before,
/// syncfs said nothing of failures).
class file_system_sync {
public:
  /// Empty where this cannot be relied on. @param directory  open for reading
  static std::optional<file_system_sync> begin(unique_fd directory);

  /// Whether a file lies there: mount points may be below the directory.
  bool covers(uint64_t device) const { return device == device_; }
  /// @return 0, or the error number
  int finish() const;

private:
  file_system_sync(unique_fd directory, uint64_t device)
      : directory_(std::move(directory)), device_(device) {}

  unique_fd directory_; ///< opened before anything is written: errors from then on are told
  uint64_t device_;
};

} // namespace pgbraid::io

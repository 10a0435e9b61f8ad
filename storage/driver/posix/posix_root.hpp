// Reaching names below one directory, and saying why they were not reached.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/io/beneath.hpp"
#include "engine/io/unique_fd.hpp"

#include <fcntl.h>

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace pgbraid::posix {

using io::unique_fd;
using shared_fd = std::shared_ptr<const unique_fd>;

/// Whether errno says that a name is not there.
bool is_missing(int error_number);

/// Codes for the ways in which reaching a name can fail.
struct codes {
  errc missing;
  errc other;
};

/// What the file system below a root is relied on for.
struct file_system_claims {
  bool links = true;     ///< symbolic ones, and more than one name for a file
  bool path_sync = true; ///< fsync of a directory
};

/// A name in an open directory.
struct place {
  unique_fd parent;
  std::string name;
};

/// The root of a storage; no link below it is followed. Thread-safe.
class posix_root {
public:
  posix_root(std::string path, io::path_walk walk, file_system_claims can);

  const std::string& path() const { return path_; }
  io::path_walk walk() const { return walk_; }
  const file_system_claims& can() const { return can_; }
  bool walks_by_segment() const { return walk_ == io::path_walk::by_segment; }
  std::string shown(std::string_view path) const {
    return path.empty() ? path_ : path_ + "/" + std::string(path);
  }
  error failed(std::string_view verb, std::string_view path, int error_number, codes code) const;

  /// Null, and errno set, when it cannot be opened.
  shared_fd open();
  /// None, and errno set, when it cannot be opened.
  unique_fd open_at(std::string_view path, int flags);
  /// Opens the parent of `path`. @returns 0 or errno
  int open_place(std::string_view path, place& found, int flags = O_PATH);

private:
  std::string path_;
  io::path_walk walk_;
  file_system_claims can_;
  std::mutex mutex_; ///< guards fd_
  shared_fd fd_;
};

} // namespace pgbraid::posix

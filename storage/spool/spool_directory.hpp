// One directory of the spool: status files and segments by name, on this host.
// Source: engine/format/README.md, section 14.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/format/spool_status.hpp"
#include "engine/io/unique_fd.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgbraid::spool {

/// A status file as it was found.
struct status_file {
  result<format::spool_status> says; ///< fails where nobody writes such a content
  int64_t changed_ns = 0;            ///< since 1970
};

/// A fetched segment, open.
struct spooled_segment {
  io::unique_fd file;
  uint64_t size_bytes = 0;
  int64_t changed_ns = 0; ///< its inode, since 1970
};

/// Names are single path segments. Links are never followed and what is no file is not there. Made
/// to cost little: the commands that PostgreSQL waits for use it. May be shared by threads.
///
/// Nothing is synced: what a power cut takes is archived or fetched once more.
class spool_directory {
public:
  /// Empty when there is none. Fails with `file_owner` (88) or `file_mode` (83) when other users
  /// may write into it: what lies there decides what PostgreSQL throws away.
  static result<std::optional<spool_directory>> open(const std::string& path);
  /// The same, made with 0750 where it is missing; fails with `path_create` (47) where it cannot
  /// be, and with `file_write` (64) where there is no room.
  static result<spool_directory> make(const std::string& path);

  const std::string& path() const { return path_; }

  /// Whether there is room for another status file; fails with `file_write` (64) where nothing can
  /// be written for any other reason.
  result<bool> has_room() const;
  result<std::optional<status_file>> status(std::string_view name) const;
  result<std::optional<spooled_segment>> segment(std::string_view name) const;
  bool contains(std::string_view name) const;
  /// All names but `.` and `..`, in no order.
  result<std::vector<std::string>> names() const;
  /// A status file appears whole, in the place of another one.
  /// @param about_ns  when the WAL file was written that it speaks of: it gets that time, so that
  /// it
  ///                  is not taken for an answer about a later file of that name, whatever clock
  ///                  the file system of the WAL goes by
  result<void> write(std::string_view name, const format::spool_status& status,
                     std::optional<int64_t> about_ns = {}) const;
  /// A missing one is success, and a directory stays.
  result<void> remove(std::string_view name) const;
  /// Gives a file of this directory another path, on the same file system: else false is returned,
  /// and it is where it was.
  result<bool> move_out(std::string_view name, const std::string& to) const;

private:
  spool_directory(io::unique_fd directory, std::string path)
      : directory_(std::move(directory)), path_(std::move(path)) {}
  std::string shown(std::string_view name) const;
  io::unique_fd open_file(std::string_view name) const;

  io::unique_fd directory_;
  std::string path_;
};

} // namespace pgbraid::spool

// Writing one local file: large ones O_DIRECT through the engine, small ones buffered.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/io/file_system_sync.hpp"
#include "engine/io/io_engine.hpp"
#include "engine/io/stream.hpp"
#include "engine/io/temporary_name.hpp"
#include "engine/io/unique_fd.hpp"

#include <optional>
#include <string>

namespace pgbraid::io {

/// Where the file goes: one name in one open directory.
struct file_target {
  unique_fd directory;
  std::string name;
  std::string shown; ///< full path, for messages
};

struct file_write_options {
  /// Written under a temporary name of its own (see temporary_name.hpp), synced, renamed, directory
  /// synced; otherwise under its own name, which replaces an existing file (a hard link elsewhere
  /// keeps the old content).
  bool atomic = true;
  /// Atomic, but all writers of this file share the name `<name>.pgbackrest.tmp`: whoever opens it
  /// takes it away from an older one, who can publish nothing any more.
  bool newest_wins = false;
  bool sync = true;
  /// Atomic: the directory is synced, too; false where directories cannot be.
  bool sync_directory = true;
  /// Not synced here where it covers the file: `finish` does. Null: no such thing.
  const file_system_sync* later = nullptr;
  uint32_t mode = 0640; ///< exact, whatever the umask
  std::optional<int64_t> mtime_s = {};
  std::optional<uint32_t> uid = {};
  std::optional<uint32_t> gid = {};
  io_engine* engine = nullptr; ///< null: everything blocks in the calling thread
  /// Above one slab the file is written O_DIRECT where the file system allows it.
  uint64_t size_hint_bytes = 0;
  /// The file gets this length and holds nothing: it reads as zeros. Nothing is to be written.
  std::optional<uint64_t> hollow_bytes = {};
};

/// Opens the file for writing. Fails with file_open, file_missing (no such directory),
/// link_destination (the name is a symbolic link), file_mode or file_owner. Errors of the disk come
/// from write, begin_commit or committed, whichever first learns of them, as file_write or
/// file_sync. Without an engine, committed(false) blocks too.
result<std::unique_ptr<writer>> open_file_writer(file_target target,
                                                 const file_write_options& options);

} // namespace pgbraid::io

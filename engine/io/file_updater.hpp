// Writing parts of one local file in any order.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/io/file_writer.hpp"

#include <optional>

namespace pgbraid::io {

struct file_update_options {
  uint64_t size_bytes = 0; ///< from the opening on
  bool keep = false;       ///< what was there, except under a name shared by hard links
  bool sync = true;
  uint32_t mode = 0640; ///< exact, whatever the umask
  std::optional<int64_t> mtime_s = {};
  std::optional<uint32_t> uid = {};
  std::optional<uint32_t> gid = {};
  io_engine* engine = nullptr; ///< for the sync; null: it blocks in the calling thread
};

/// Opens the file under its own name; a hard link elsewhere keeps the old content. Parts are
/// buffered writes. Fails as `open_file_writer` does.
result<std::unique_ptr<updater>> open_file_updater(file_target target,
                                                   const file_update_options& options);

} // namespace pgbraid::io

// Reading one local file: from the page cache when it is there, else O_DIRECT through the engine.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/io/io_engine.hpp"
#include "engine/io/stream.hpp"
#include "engine/io/unique_fd.hpp"

#include <optional>
#include <string>

namespace pgbraid::io {

struct file_read_options {
  uint64_t offset_bytes = 0;
  /// `read` sees the end after this many bytes; `read_at` does not.
  std::optional<uint64_t> limit_bytes = {};
  io_engine* engine = nullptr; ///< null: always buffered
};

/// Takes over an open descriptor (O_RDONLY, best with O_NONBLOCK so that a fifo cannot block the
/// open). Fails with file_open when it is not a regular file. Errors of the disk are file_read.
/// @param shown  full path, for messages
result<std::unique_ptr<reader>> open_file_reader(unique_fd file, std::string shown,
                                                 const file_read_options& options);

} // namespace pgbraid::io

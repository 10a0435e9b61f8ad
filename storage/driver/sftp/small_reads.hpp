// Reading many small files of an SFTP server in a few round trips.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/driver/sftp/connection.hpp"
#include "storage/storage.hpp"

namespace pgbraid::sftp {

/// One file and where it lies on the server.
struct placed_read {
  small_read* file = nullptr;
  std::string full_path;
};

/// Opens, reads and closes them in batches. The files come without content and failure; failures
/// are per file; links are refused.
/// @param handles  that may be open at the same time, 2 or more
void read_small_files(const std::shared_ptr<connection>& on, std::span<placed_read> files,
                      size_t handles);

} // namespace pgbraid::sftp

// Reading what a server should have.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/driver/sftp/connection.hpp"

namespace pgbraid::sftp {

/// CRC-32C of the first so many bytes of a file; empty when it is shorter.
result<std::optional<uint32_t>> crc_of_start(const std::shared_ptr<connection>& on,
                                             const std::string& full_path, uint64_t bytes);

} // namespace pgbraid::sftp

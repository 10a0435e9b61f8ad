// Reading pg_control while a server may be writing it.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/postgres/control_file.hpp"
#include "storage/storage.hpp"

#include <cstddef>
#include <string_view>
#include <vector>

namespace pgbraid {

/// A control file whose checksum was right, and its bytes, for backups that store it.
struct loaded_control {
  postgres::control_file fields;
  std::vector<std::byte> bytes; ///< the first `control_file_bytes`, or fewer where it is shorter
};

/// global/pg_control, read again while its checksum is wrong, until the same bytes come twice, or
/// for some seconds.
/// @param in    rooted at PGDATA, or above it
/// @param path  of the file there
result<loaded_control> read_control(storage& in, std::string_view path = "global/pg_control");

} // namespace pgbraid

// Where in a repository a WAL file lies.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/compress_type.hpp"
#include "engine/base/result.hpp"
#include "engine/base/secret.hpp"
#include "engine/postgres/control_file.hpp"
#include "storage/repository/open_repository.hpp"

#include <optional>
#include <string>
#include <vector>

namespace pgbraid {

/// One place where the file lies.
struct found_wal {
  std::string archive_id;
  std::string path;
  std::string checksum = {}; ///< of the plain content; empty for history files
  compress_type compress = compress_type::none;
};

/// A repository that was asked, and where in it the file lies.
struct get_source {
  open_repository repo;
  secret pass = {}; ///< of WAL; empty: not encrypted
  std::vector<found_wal> found = {};
  std::optional<error> trouble = {}; ///< it was opened, and yet it is of no use
};

/// Asks one repository for a file of a cluster, the newest archive id first.
result<get_source> look_for_wal(const repository_door& door, const postgres::control_file& control,
                                const std::string& name);

} // namespace pgbraid

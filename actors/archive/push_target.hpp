// A repository that takes WAL of a cluster.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/secret.hpp"
#include "engine/format/archive_info.hpp"
#include "storage/repository/open_repository.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace pgbraid {

struct push_target {
  open_repository repo;
  std::string archive_id;
  secret pass; ///< of WAL; empty: not encrypted
};

/// Whose WAL it is.
struct wal_owner {
  format::archive_history cluster = {};       ///< of pg_control, else of a repository
  std::optional<uint64_t> segment_bytes = {}; ///< of pg_control, where it is known
};

} // namespace pgbraid

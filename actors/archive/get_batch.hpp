// Fetches WAL before PostgreSQL asks for it: the work of the background process.
// Source: cli/command/README.md, section 6.5.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/postgres/control_file.hpp"
#include "storage/repository/open_repository.hpp"
#include "storage/storage.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace pgbraid {

struct get_batch_request {
  std::vector<std::string> names; ///< segments, in the order in which they will be asked for
  std::string directory;          ///< absolute; they appear there when they are whole
  size_t process_max = 1;
  std::chrono::milliseconds answer_limit{60'000}; ///< for a segment that not everybody tells about
  std::vector<unsigned> aside =
      {}; ///< repositories (N of repoN) that are left aside from the start
};

struct get_batch_ends {
  storage& pgdata; ///< of the cluster that recovers
  const postgres::control_file& control;
  std::vector<repository_door> from;
  /// Called when a repository is left aside from now on; by several threads, one at a time.
  std::function<void(unsigned key)> troubled = [](unsigned) {};
};

/// Called for a segment that could not be had; its failure ends the batch. Several threads call it.
using tell_failed = std::function<result<void>(const std::string& name, const error& why)>;

/// Fetches several at a time, checked as `get_wal` does, and begins none behind one that is not
/// there. A repository that was of no use for one of them is left aside, and asked again for what
/// the others do not have. Returns the first segment that the archive does not have, if it came so
/// far. Fails with what concerns all of them.
result<std::optional<std::string>>
get_batch(const get_batch_request& wanted, const get_batch_ends& between, const tell_failed& tell);

} // namespace pgbraid

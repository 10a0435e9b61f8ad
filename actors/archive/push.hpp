// Puts one WAL file into every repository.
// Source: cli/command/README.md, section 4.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/compress_type.hpp"
#include "engine/base/log.hpp"
#include "engine/base/result.hpp"
#include "engine/base/wal_location.hpp"
#include "engine/codec/compress.hpp"
#include "storage/journal/wal_journal.hpp"
#include "storage/repository/open_repository.hpp"
#include "storage/storage.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgbraid {

struct push_request {
  wal_location wal; ///< with a name that PostgreSQL archives
  compress_type compression = compress_type::none;
  int compress_level = 0;
  codec::gz_engine gz = codec::gz_engine::automatic;
  bool check_header = true;                          ///< archive-header-check
  bool says_when_there = true;                       ///< archive-mode-check
  std::optional<std::string> checksum = {};          ///< SHA-1 that the content must have, 40 hex
  std::optional<uint64_t> queue_max = {};            ///< bytes; more WAL that waits is dropped
  std::chrono::milliseconds answer_limit{1'830'000}; ///< for each repository
  /// What users should know of a file that is stored nevertheless.
  std::function<void(const std::string& text)> warn = [](const std::string& text) {
    log::warn("{}", text);
  };
};

/// A repository that PostgreSQL does not wait for, and where WAL is kept for it.
struct journaled_door {
  repository_door door;
  journal::wal_journal journal;
  /// New files go there by another way; only what waits from before is stored.
  bool only_drains = false;
  /// What waits longer will be missing there; none: it waits as long as it takes.
  std::optional<int64_t> max_age_s = {};
};

/// Where it is noted what a repository will never get.
struct told_journal {
  repository_door door;
  result<journal::wal_journal> journal; ///< or why there is none
};

/// Where the file comes from and where it goes.
struct push_ends {
  std::shared_ptr<storage> wal;    ///< rooted in the directory of the file
  std::shared_ptr<storage> pgdata; ///< of its cluster; null: not known
  std::vector<repository_door> to; ///< which must have it
  std::vector<journaled_door> besides = {};
  /// Of all repositories: what is given up is noted there.
  std::vector<told_journal> journals = {};
};

/// Stores the file wherever it can and is durable there when this returns; a segment that is there
/// already counts when it is whole. `besides` have it, too, or it is kept for them, or marked as
/// missing there. With a `queue_max` that is exceeded, at the start or at any later moment, it is
/// given up: success with a warning, whatever hangs; then a thread may be left behind
/// (`join_aside`). Fails with `archive_mismatch` (44) for a file that is not what
/// PostgreSQL writes, or of another cluster, `archive_duplicate` (45) for other content under the
/// same name, `repo_invalid` (103) when no repository takes it, and `command` (104) when not every
/// one has it. A termination signal while something is written is `term` and leaves nothing of it.
result<void> push_wal(const push_request& wanted, const push_ends& between);

} // namespace pgbraid

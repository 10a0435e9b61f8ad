// The repositories that take WAL of one cluster: asked once, for one file or many.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/archive/push.hpp"
#include "actors/archive/push_target.hpp"
#include "engine/base/failures.hpp"
#include "engine/base/result.hpp"
#include "engine/base/side_by_side.hpp"
#include "engine/format/archive_info.hpp"
#include "storage/repository/open_repository.hpp"
#include "storage/storage.hpp"

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace pgbraid {

/// Connections, info files and passphrases are kept; what does not answer cannot keep WAL from the
/// others, and is waited for by every file until `answer_limit` after the start is over.
class push_session {
public:
  /// @param pgdata  of the cluster; null: it is known by the first repository. Outlives this.
  push_session(storage* pgdata, std::vector<repository_door> to,
               std::chrono::milliseconds answer_limit);
  ~push_session();

  /// Reads pg_control and asks all repositories; returns when the first have answered.
  result<void> open();
  /// Fails as soon as it is known that none of them takes WAL (`repo_invalid`, 103).
  result<void> require_any();
  /// Stores one file as `push_wal` does. May be called by several threads.
  /// @param from  rooted in the directory of the file
  result<void> store(const push_request& wanted, storage& from);
  /// Of pg_control; 0 where it is not known.
  uint64_t segment_bytes() const { return owner_ ? owner_->segment_bytes.value_or(0) : 0; }

private:
  /// A repository that was opened, and what it says about itself.
  struct answer {
    open_repository repo;
    result<format::archive_info> info;
  };
  /// What became of its door.
  struct place {
    bool taken = false; ///< its answer was looked at
    std::unique_ptr<push_target> target = {};
    std::optional<error> failure = {};
  };

  static result<answer> open_target(const repository_door& door);
  result<void> know_cluster();
  result<void> check_target(const format::archive_history& current, const repository& repo);
  result<std::unique_ptr<push_target>> accept(answer& from);
  std::vector<push_target*> arrived(size_t besides);
  bool all_taken();
  void wait_for_rest();
  repository_errors refusals();
  result<void> store_in(const push_request& wanted, storage& from,
                        const std::vector<push_target*>& to, repository_errors& failed);

  storage* pgdata_;
  std::vector<repository_door> to_;
  const std::chrono::milliseconds limit_;
  monotonic::time_point until_ = {};
  std::optional<side_by_side<answer>> asked_ = {};
  std::mutex waiting_ = {};
  std::mutex mutex_ = {}; ///< guards what follows
  std::vector<place> places_;
  std::vector<push_target*> targets_ = {}; ///< in the order in which they were taken
  std::optional<wal_owner> owner_ = {}; ///< pg_control's cluster, or the first one's that accepts
};

} // namespace pgbraid

// Puts the WAL files that wait into every repository: the work of the background process.
// Source: cli/command/README.md, section 4.2.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/archive/push.hpp"
#include "actors/archive/push_watch.hpp"
#include "engine/base/result.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace pgbraid {

struct push_batch_request {
  push_request each; ///< its `wal.directory` counts; `queue_max` is the limit of all that waits
  uint64_t batch_bytes = 0;
  size_t process_max = 1;
  /// WAL files that are due, in the order in which PostgreSQL will ask for them.
  std::vector<std::string> due = {};
  /// All that wait, those included that were answered and not asked for yet.
  size_t waiting = 0;
  /// What waits now. While nothing does, what waits for `besides` gets time. Null: nobody knows.
  std::function<result<waiting_wal>()> look = {};
  /// Asked again and again: nothing is begun any more once it says so. Null: nobody wants that.
  std::function<bool()> ends = {};
  /// A warning tells that no file was done for so long.
  std::chrono::milliseconds stall{60'000};
};

/// What became of one file.
struct pushed_wal {
  std::string name;
  result<void> outcome = success();
  std::string warnings = {}; ///< one below the other; empty when there is nothing to say
};

/// How whoever waits is told of a file. Its failure ends the batch. Called by several threads.
using tell_pushed = std::function<result<void>(const pushed_wal& file)>;

/// Stores as many files as one batch takes, several at a time, and tells of each when it is durable
/// wherever it belongs. Nothing is begun after the first error. More WAL than `queue_max` is given
/// up, at the start and at every later moment, whatever hangs: each file is told as stored, with a
/// warning. Whoever is told may be told of a file once more.
/// Fails with what concerns all of them: `repo_invalid` (103), what `tell` failed with, and `term`
/// after a termination signal.
result<void> push_batch(const push_batch_request& wanted, const push_ends& between,
                        const tell_pushed& tell);

} // namespace pgbraid

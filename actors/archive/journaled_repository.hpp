// A repository that PostgreSQL does not wait for: what it cannot take now waits in its journal.
// Source: cli/command/README.md, section 4.4.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/archive/push.hpp"
#include "engine/base/result.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

namespace pgbraid {

/// What others wait for it.
struct besides_limits {
  /// From the start to its answer. Who works answers in a fraction of that.
  std::chrono::milliseconds answer{2'000};
  /// For one file. Longer than a slow link needs, and at most every so often: see `journal_hold`.
  std::chrono::milliseconds file{15'000};
  /// So many files of the journal are begun before the new one, for so long; what is left then is
  /// for the next call.
  size_t drained_files = 4;
  std::chrono::milliseconds draining{1'000};
  /// A new file waits for that. Otherwise it is kept at once, and the journal is emptied meanwhile.
  bool waits_for_drain = true;
};

/// Everything that may hang is done aside, in threads that own what they use: they may be left
/// behind.
class journaled_repository {
public:
  /// @param wal     rooted in the directory of the files
  /// @param pgdata  as of `push_ends`
  journaled_repository(const journaled_door& to, const push_request& how,
                       std::shared_ptr<storage> wal, std::shared_ptr<storage> pgdata,
                       const besides_limits& limits);
  ~journaled_repository();
  journaled_repository(const journaled_repository&) = delete;
  journaled_repository& operator=(const journaled_repository&) = delete;

  /// Asks it, unless it is to be left alone for now, and gives it what waits. Returns at once.
  void begin();
  /// Stores a file, or keeps it in the journal, or notes that there is a gap: one of them is
  /// durable when this returns. May be called by several threads. Fails as `keep_for_later`, and
  /// with `term` after a signal.
  result<void> take(const push_request& wanted);
  /// What waits longer than it may becomes a gap, whatever the repository does. May be called by
  /// any thread.
  void give_up_old();
  /// Goes on with what waits while it gets on and nobody else needs this process.
  /// @param is_needless  asked again and again
  void finish(const std::function<bool()>& is_needless);

private:
  class work;
  std::shared_ptr<work> work_;
};

} // namespace pgbraid

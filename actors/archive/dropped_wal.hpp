// WAL that is given up because too much of it waits.
// Source: cli/command/README.md, section 4.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/archive/push.hpp"

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace pgbraid {

/// Marks what is given up as missing, since nobody else will ever tell. May be called by several
/// threads.
class dropped_wal {
public:
  /// @param from  outlives this
  explicit dropped_wal(const push_ends& from) : from_(from) {}

  /// In each repository that has not got them already. One that does not answer within seconds is
  /// taken for one that has none of them, and is not asked again.
  /// @param segment_bytes  of each; 0 where it is not known
  void note(const std::vector<std::string>& names, uint64_t segment_bytes);

private:
  void note_in(const told_journal& one, const std::vector<std::string>& missing,
               uint64_t segment_bytes);

  const push_ends& from_;
  std::mutex mutex_ = {}; ///< guards what follows, and that only one is at it
  std::set<unsigned> silent_ = {};
  std::set<unsigned> told_ = {}; ///< that their gaps cannot be noted
};

/// What is said of such a file.
std::string dropped_text(std::string_view name, uint64_t queue_max);

/// The size of the first segment among these WAL files; 0 where there is none.
uint64_t segment_bytes_of(const push_ends& between, const std::vector<std::string>& names);

} // namespace pgbraid

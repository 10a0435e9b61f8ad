// Which use of which verb fails; for the memory driver.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/driver/memory/memory_storage.hpp"

#include <array>
#include <vector>

namespace pgbraid {

/// Counts uses and answers what should happen to each. Not thread-safe.
class fault_plan {
public:
  struct fault {
    error failure;
    /// For writes: how much of it still arrives.
    size_t keep_bytes = 0;
  };
  void add(memory_verb verb, uint64_t nth, fault what, bool onwards);
  void clear() { rules_.clear(); }
  /// Counts one use.
  std::optional<fault> trip(memory_verb verb);
  uint64_t used(memory_verb verb) const { return used_[static_cast<size_t>(verb)]; }

private:
  struct rule {
    memory_verb verb;
    uint64_t at; ///< the use it hits, counted from the beginning
    bool onwards;
    fault what;
  };
  std::vector<rule> rules_;
  std::array<uint64_t, static_cast<size_t>(memory_verb::set_attributes) + 1> used_ = {};
};

} // namespace pgbraid

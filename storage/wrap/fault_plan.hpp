// Which use of which verb fails.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/error.hpp"
#include "storage/storage_verb.hpp"

#include <array>
#include <functional>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

namespace pgbraid {

/// Counts uses of a storage and says what should happen to each; one plan may stand behind several
/// storages. Thread-safe.
class fault_plan {
public:
  /// The n-th use (from 1, counted from now) of `verb` fails with `failure`.
  /// @param onwards  so does every later one
  void fail(storage_verb verb, uint64_t nth, error failure, bool onwards = false);
  /// The n-th write from now keeps only its first `keep_bytes`, then fails with `failure`.
  void tear_write(uint64_t nth, size_t keep_bytes, error failure);
  /// Called before each use of a verb that no fault is planned for, with the path; an error makes
  /// it fail. May block, cancel things, or use the storage (a file that shrinks while it is read).
  using hook = std::function<std::optional<error>(storage_verb, std::string_view path)>;
  void set_hook(hook called);
  /// Forgets all faults and the hook, not what was counted.
  void clear();
  /// How often a verb was used so far, failures included.
  uint64_t used(storage_verb verb) const;

  struct fault {
    error failure;
    size_t keep_bytes = 0; ///< for writes: how much of it still arrives
  };
  /// Counts one use.
  std::optional<fault> trip(storage_verb verb, std::string_view path);

private:
  struct rule {
    storage_verb verb;
    uint64_t at; ///< the use it hits, counted from the beginning
    bool onwards;
    fault what;
  };
  void add(storage_verb verb, uint64_t nth, fault what, bool onwards);
  /// Counts, and finds what is planned.
  std::optional<fault> planned(storage_verb verb);

  mutable std::mutex mutex_; ///< guards what follows
  std::vector<rule> rules_;
  hook called_;
  std::array<uint64_t, storage_verbs> used_ = {};
};

} // namespace pgbraid

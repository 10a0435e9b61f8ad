// Which of several hosts that hold the same files is read next.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace pgbraid::plan {

/// What is known of one host.
struct source_load {
  bool usable = true;
  uint64_t in_flight_bytes = 0; ///< asked for and not yet there
  uint64_t done_bytes = 0;
  double busy_s = 0; ///< how long something was in flight so far
};

/// The usable source that would be done first with `more_bytes` and all it has in flight. One whose
/// speed is not yet known counts as fast as the average of the others. Among equals the one that
/// delivered least, then the first. Empty when none is usable.
std::optional<size_t> choose_source(std::span<const source_load> from, uint64_t more_bytes);

} // namespace pgbraid::plan

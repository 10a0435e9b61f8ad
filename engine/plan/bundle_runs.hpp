// Which parts of a bundle are read for some of its members.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace pgbraid::plan {

/// A piece of a bundle that one file takes.
struct bundle_member {
  uint64_t offset_bytes = 0;
  uint64_t length_bytes = 0;
};

/// A part of a bundle that is read at once, with all members that lie in it.
struct bundle_run {
  uint64_t offset_bytes = 0;
  uint64_t length_bytes = 0;
  size_t first = 0; ///< of the members
  size_t count = 0;
};

/// @param members          in ascending order, none in another one
/// @param read_over_bytes  so much that nobody wants is read along rather than asked around
/// @param most_bytes       a run of more than one member is no longer
std::vector<bundle_run> runs_of(std::span<const bundle_member> members, uint64_t read_over_bytes,
                                uint64_t most_bytes);

} // namespace pgbraid::plan

// Which pieces of bundles are worth reading for several files together.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/plan/block_reads.hpp"

#include <cstdint>
#include <vector>

namespace pgbraid::plan {

/// Brings together what files want of bundles, by backup, bundle and offset. What would be too much
/// is left out: it is read by the file that wants it.
/// @param wanted       in any order; may overlap
/// @param gap_bytes    so much that nobody wants is read along rather than asked around
/// @param limit_bytes  all that is returned has at most so many bytes
std::vector<block_range> joined_ranges(std::vector<block_range> wanted, uint64_t gap_bytes,
                                       uint64_t limit_bytes);

/// The one of such ranges that holds all of another; null when none does.
const block_range* holding(const std::vector<block_range>& joined, const block_range& wanted);

} // namespace pgbraid::plan

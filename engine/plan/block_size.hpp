// How large the blocks of a file are, their checksums, and what is compressed together.
// Source of the tables: engine/format/README.md, section 15.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/format/label.hpp"

#include <cstdint>
#include <vector>

namespace pgbraid::plan {

/// One row of a table: what holds from a bound on.
struct block_row {
  uint64_t from = 0;
  uint64_t value = 0;
  friend bool operator==(const block_row&, const block_row&) = default;
};

/// Rows in ascending order of their bounds.
using block_table = std::vector<block_row>;

/// The tables, which hidden options may replace; the peer's own otherwise.
struct block_rules {
  block_table sizes = {};          ///< bytes of the file -> bytes of a block, multiples of 8192
  block_table ages = {};           ///< days since the file changed -> factor of that; 0: no blocks
  block_table checksum_sizes = {}; ///< bytes of a block -> bytes of its checksum
  uint64_t super_bytes = 0;        ///< of a super block in diff and incr
  uint64_t full_super_bytes = 0;   ///< in a full backup
};
block_rules peer_block_rules();

/// How a file is cut.
struct block_choice {
  uint32_t block_bytes = 0; ///< 0: it is stored whole
  uint8_t checksum_bytes = 6;
  friend bool operator==(const block_choice&, const block_choice&) = default;
};

/// For a file that had no blocks before; one that had keeps both as long as it holds one block.
/// @param age_s  from its last change to the start of the backup; negative: it changed since
block_choice choose_blocks(const block_rules& by, uint64_t file_bytes, int64_t age_s);

/// Plain bytes of a super block: whole blocks.
uint64_t super_block_bytes(const block_rules& by, format::backup_type type, uint64_t block_bytes);

} // namespace pgbraid::plan

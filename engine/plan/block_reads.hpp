// What is read of which backup to make the blocks of a file, and where in the file it goes.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/format/block_map.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace pgbraid::plan {

/// Neighbouring plain bytes of a super block that go to one place of the file.
struct block_part {
  uint64_t from_bytes = 0; ///< offset in the super block, plain
  uint64_t to_bytes = 0;   ///< offset in the file
  uint64_t length_bytes = 0;
  friend bool operator==(const block_part&, const block_part&) = default;
};

/// A super block within a piece that is read at once.
struct block_unit {
  uint64_t skip_bytes = 0; ///< stored, between it and what is read before it
  uint64_t stored_bytes = 0;
  uint64_t plain_bytes = 0;
  uint32_t first_part = 0;
  uint32_t parts = 0;
  friend bool operator==(const block_unit&, const block_unit&) = default;
};

/// A piece of a bundle or of a file that holds blocks, read from front to back.
struct block_range {
  uint32_t reference = 0; ///< index in `backup-reference`
  uint64_t bundle_id = 0; ///< 0: in a file of its own
  uint64_t offset_bytes = 0;
  uint64_t length_bytes = 0;
  friend bool operator==(const block_range&, const block_range&) = default;
};

/// All that is read for a file. Units are in the order of the ranges, parts in that of the units.
struct block_reads {
  std::vector<block_range> ranges = {};
  std::vector<block_unit> units = {};
  std::vector<block_part> parts = {};

  uint64_t stored_bytes() const; ///< that are read, gaps included
  friend bool operator==(const block_reads&, const block_reads&) = default;
};

/// Whether a block of the file has to be made.
using block_wish = std::function<bool(uint64_t block)>;

/// Backup by backup, each super block once and from front to back. Neighbours become one range.
/// @param gap_bytes  so much that nobody wants is read along rather than asked around
block_reads plan_block_reads(const format::block_map& of, const block_wish& wanted,
                             uint64_t gap_bytes);
/// Memory that this takes at most beside a map of so many bytes.
uint64_t memory_of_block_reads(uint64_t map_bytes, uint8_t checksum_bytes, uint64_t blocks);

/// Follows plain bytes as they come out of the units, in any portions.
class block_scatter {
public:
  explicit block_scatter(const block_reads& of) : of_(&of) {}

  struct piece {
    uint64_t length_bytes = 0;
    std::optional<uint64_t> to_bytes = {}; ///< offset in the file; nothing: nobody wants it
  };
  /// What the next bytes are, at least one and at most `available`, which must be more than 0.
  /// Nothing where all units have come.
  std::optional<piece> next(uint64_t available);

private:
  const block_reads* of_;
  size_t unit_ = 0;
  size_t part_ = 0;
  uint64_t at_bytes_ = 0; ///< in the unit
};

} // namespace pgbraid::plan

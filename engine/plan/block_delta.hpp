// What of a file has to be stored in blocks, and the map that comes of it.
// Source of the rules: engine/format/README.md, section 15.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/bytes.hpp"
#include "engine/base/result.hpp"
#include "engine/format/block_map.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace pgbraid::plan {

/// Compares the blocks of one file, in their order, with those of the prior backup, and notes where
/// those lie that are stored anew: one behind the other, from offset 0 of bundle 0, until it is
/// known where that is (`place_blocks`).
class block_delta {
public:
  /// @param reference  index of this backup in `backup-reference`
  /// @param prior      the map of the file before, with blocks and checksums of the same sizes
  block_delta(uint64_t block_bytes, uint8_t checksum_bytes, uint32_t reference,
              std::optional<format::block_map> prior);

  /// Whether the next block must be stored. @param sum  at least `checksum_bytes`
  bool takes(byte_view sum, uint64_t plain_bytes);
  /// All that were taken since the last call are one super block.
  void packed(uint64_t plain_bytes, uint64_t stored_bytes);

  /// What the blocks are compared with: a checksum for each block of the prior map.
  byte_view prior_checksums() const { return prior_.checksums; }
  /// Sizes of blocks and checksums; the file is as large as the blocks that were judged.
  const format::block_map_shape& shape() const { return map_.shape; }

  /// After the last block: the file has those of the prior map and no others.
  bool is_unchanged() const;
  /// The map, once.
  format::block_map take_map();

private:
  format::block_map prior_;
  format::block_map map_;
  const uint32_t reference_;
  size_t prior_run_ = 0;      ///< that the next block was in
  uint32_t in_prior_run_ = 0; ///< and its place there
  bool changed_ = false;
  uint32_t pending_ = 0;      ///< blocks of the super block that is not packed yet
  size_t first_pending_ = 0;  ///< runs from here on may be of it
  uint64_t offset_bytes_ = 0; ///< of the next super block
};

/// Moves all that a backup stored itself to where it lies.
/// @param reference  index of that backup
void place_blocks(format::block_map& in, uint32_t reference, uint64_t bundle_id,
                  uint64_t offset_bytes);

/// Memory of one of them for a file of so many blocks.
uint64_t memory_of_block_delta(uint64_t blocks, uint8_t checksum_bytes);

} // namespace pgbraid::plan

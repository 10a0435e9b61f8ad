// The map of a file that is stored in blocks: which block lies where, and its checksum.
// Source of the format: engine/format/README.md, section 15.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/bytes.hpp"
#include "engine/base/result.hpp"

#include <cstdint>
#include <vector>

namespace pgbraid::format {

/// What a map is read against; all of it stands in the manifest.
struct block_map_shape {
  uint64_t file_bytes = 0;
  uint64_t block_bytes = 0;
  uint8_t checksum_bytes = 6;   ///< of each block, 1 to 16
  uint64_t reference_count = 0; ///< labels in `backup-reference`

  uint64_t blocks() const {
    return block_bytes == 0 ? 0
                            : file_bytes / block_bytes + (file_bytes % block_bytes == 0 ? 0 : 1);
  }
  /// Of the block with this number; the last one may be shorter.
  uint64_t bytes_of(uint64_t block) const {
    return block + 1 < blocks() ? block_bytes : file_bytes - block * block_bytes;
  }
  friend bool operator==(const block_map_shape&, const block_map_shape&) = default;
};

/// Neighbouring blocks of a file that lie one behind the other in one super block.
struct block_run {
  uint64_t bundle_id = 0;    ///< 0: in a file of its own
  uint64_t offset_bytes = 0; ///< of the super block, in the bundle or file
  uint64_t stored_bytes = 0; ///< of the super block
  uint64_t plain_bytes = 0;  ///< of the super block
  uint32_t reference = 0;    ///< index in `backup-reference` of the backup that holds it
  uint32_t first_block = 0;  ///< number within the super block
  uint32_t blocks = 0;

  /// Whether both lie in the same super block.
  bool shares_super_block(const block_run& other) const {
    return reference == other.reference && offset_bytes == other.offset_bytes;
  }
  friend bool operator==(const block_run&, const block_run&) = default;
};

/// A whole map. 48 bytes for each run and the checksum for each block, which `memory_of_block_map`
/// bounds by the size that it is stored in.
struct block_map {
  block_map_shape shape = {};
  std::vector<block_run> runs = {};      ///< together they are the blocks of the file, in order
  std::vector<std::byte> checksums = {}; ///< `shape.checksum_bytes` for each block

  byte_view checksum_of(uint64_t block) const {
    return byte_view(checksums).subspan(block * shape.checksum_bytes, shape.checksum_bytes);
  }
  /// Adds the next blocks of the file; those that go on where the last run ends join it.
  /// @param sums  a checksum for each block
  void append(const block_run& next, byte_view sums);
  friend bool operator==(const block_map&, const block_map&) = default;
};

/// Most that a super block may hold, and what may be stored of so much: what is larger is no
/// honest one, since the peer ends them at 16 MiB.
uint64_t largest_super_block(uint64_t block_bytes);
uint64_t largest_stored_super_block(uint64_t plain_bytes);
/// The most that the map of such a file can take, not encrypted.
uint64_t largest_block_map(const block_map_shape& of);
/// Memory that a map of so many bytes takes at most, once it is read.
uint64_t memory_of_block_map(uint64_t map_bytes, uint8_t checksum_bytes);

/// Reads a map, decrypted. Fails with `format` (29) when it is not the map of such a file: it ends
/// too early or goes on, has blocks too many or too few, a backup that the manifest does not list,
/// places beyond every file, super blocks that no writer makes.
result<block_map> parse_block_map(byte_view text, const block_map_shape& of);
/// Writes a map as the peer does. What `parse_block_map` returned can always be written; else the
/// super blocks of a backup must come in the order of their offsets.
std::vector<std::byte> render(const block_map& of);

} // namespace pgbraid::format

// The blocks of a file as two hosts share the work: where the file lies they are compared and
// packed, where the command runs the map is made.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/bytes.hpp"
#include "engine/base/result.hpp"
#include "engine/plan/block_delta.hpp"

#include <cstdint>
#include <vector>

namespace pgbraid::plan {

/// Judges blocks as `block_delta` does, knowing no more of the prior backup than its checksums, and
/// notes what became of them. The notes are: a bit for each block, set for those that were taken
/// (lowest first, the last byte filled up with 0); the checksums of these; the stored size of each
/// super block, as a number of block maps.
class block_noter {
public:
  /// @param prior  checksums of the prior backup, whole ones
  /// @param memory_limit_bytes  of prior and notes; see `memory_of_block_notes`
  block_noter(uint8_t checksum_bytes, std::vector<std::byte> prior, uint64_t memory_limit_bytes);

  /// As of `block_delta`. Takes nothing any more once it is full.
  bool takes(byte_view sum);
  void packed(uint64_t stored_bytes);
  /// There were more blocks than it has memory for: its notes are worth nothing.
  bool is_full() const { return full_; }
  /// After the last block, once.
  std::vector<std::byte> take_notes();

private:
  const uint8_t checksum_bytes_;
  std::vector<std::byte> prior_;
  const uint64_t blocks_limit_;
  uint64_t blocks_ = 0;
  std::vector<std::byte> taken_; ///< bits
  std::vector<std::byte> sums_;
  std::vector<std::byte> sizes_;
  bool full_ = false;
};

/// A file that was read and packed elsewhere.
struct noted_file {
  uint64_t file_bytes = 0;
  uint64_t super_bytes = 0;  ///< what was asked for
  uint64_t stored_bytes = 0; ///< that came of it
};

/// Hands what was noted to `into`, which has judged nothing yet and then stands as if it had judged
/// and packed here. Fails with `protocol` for notes that are not those of such a file: of other
/// blocks than it has, of some that are as before and were taken or are not and were not, of super
/// blocks that no writer makes or that are not together what came.
result<void> follow_notes(byte_view notes, const noted_file& of, block_delta& into);

/// The most that the notes of so many blocks can take.
uint64_t largest_block_notes(uint64_t blocks, uint8_t checksum_bytes);
/// Memory of a noter, with the checksums that it compares with.
uint64_t memory_of_block_notes(uint64_t blocks, uint8_t checksum_bytes);

} // namespace pgbraid::plan

// The blocks of a file as two hosts share the work: where the file lies they are compared and
// packed, where the command runs the map is made.
// Source of the notes: storage/wire/README.md.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/bytes.hpp"
#include "engine/base/result.hpp"
#include "engine/plan/block_delta.hpp"

#include <cstdint>
#include <vector>

namespace pgbraid::plan {

/// Judges blocks as `block_delta` does, knowing no more of the prior backup than its checksums, and
/// notes what becomes of them. Besides these checksums it holds what was noted and not taken yet.
class block_noter {
public:
  /// @param prior  checksums of the prior backup, whole ones
  block_noter(uint8_t checksum_bytes, std::vector<std::byte> prior)
      : checksum_bytes_(checksum_bytes), prior_(std::move(prior)) {}

  /// As of `block_delta`.
  bool takes(byte_view sum);
  void packed(uint64_t stored_bytes);
  /// What was noted since the last call, to be put behind what was taken before.
  std::vector<std::byte> take_notes();

private:
  void end_run();

  const uint8_t checksum_bytes_;
  std::vector<std::byte> prior_;
  uint64_t blocks_ = 0;
  uint64_t run_ = 0; ///< blocks of the last kind that are not noted yet
  bool run_taken_ = false;
  std::vector<std::byte> sums_; ///< of the run, when it was taken
  std::vector<std::byte> notes_;
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

/// The most that the notes of so many blocks can take, and the memory of who collects them.
uint64_t largest_block_notes(uint64_t blocks, uint8_t checksum_bytes);
uint64_t memory_of_block_notes(uint64_t blocks, uint8_t checksum_bytes);

} // namespace pgbraid::plan

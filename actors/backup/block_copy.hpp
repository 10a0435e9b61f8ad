// A file on its way into a repository in blocks.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/secret.hpp"
#include "engine/codec/block_pack.hpp"
#include "engine/codec/digest.hpp"
#include "engine/plan/block_delta.hpp"
#include "storage/repository/repository.hpp"

#include <memory>
#include <optional>
#include <vector>

namespace pgbraid {

/// How a file is stored in blocks.
struct block_wish {
  uint32_t block_bytes = 0;
  uint8_t checksum_bytes = 6;
  uint64_t super_bytes = 0;
  /// The file in the prior backup, which has blocks of the same sizes; null: all blocks are new.
  const format::manifest_file* before = nullptr;
};

/// Where a file lies in the backup that is being made.
struct block_place {
  uint32_t reference = 0; ///< index of this backup
  uint64_t bundle_id = 0;
  uint64_t offset_bytes = 0;
};

/// Judges the blocks of one file for the kernel that packs them, or follows what another host did
/// with them, and sees what is stored of them. Takes memory from `begin` to `end`. The judging half
/// and the seeing half may be used by two threads at once.
class block_copy final : public codec::block_judge {
public:
  /// @param reference  index of this backup
  /// @param prior      the prior backup, where `how` names a file of it
  block_copy(repository& repo, const block_wish& how, uint32_t reference,
             const format::manifest* prior)
      : repo_(repo), how_(how), reference_(reference), prior_(prior) {}

  /// Loads the prior map, unless that was done. One that is missing or damaged is told (WARN), and
  /// all blocks are stored anew: this backup needs nothing of what nobody can read.
  /// @param engine  may be null
  result<void> begin(io::io_engine* engine);
  /// Nothing more is asked of it.
  void end();

  // After `begin`.
  bool takes(const codec::block_sum& sum, uint64_t plain_bytes) override {
    return delta_->takes(sum, plain_bytes);
  }
  void packed(uint64_t plain_bytes, uint64_t stored_bytes) override {
    delta_->packed(plain_bytes, stored_bytes);
  }
  /// What another host compares with.
  byte_view prior_checksums() const { return delta_->prior_checksums(); }
  /// Takes over what another host did; see `plan::follow_notes`.
  result<void> follow(byte_view notes, uint64_t file_bytes, uint64_t stored_bytes);
  void see_stored(byte_view bytes);
  /// What was seen was stored in vain.
  void begin_again();

  // After the last block.
  bool is_unchanged() const { return delta_->is_unchanged(); }
  /// The map as it is stored behind the super blocks.
  /// @param pass  empty: not encrypted
  result<std::vector<std::byte>> seal_map(const block_place& at, const secret& pass);
  /// Of all that was seen; once.
  codec::sha1_digest stored_checksum();

private:
  repository& repo_;
  const block_wish how_;
  const uint32_t reference_;
  const format::manifest* const prior_;
  std::optional<plan::block_delta> delta_;
  codec::digest_kernel digest_;
  std::unique_ptr<codec::stream> stored_;
};

} // namespace pgbraid

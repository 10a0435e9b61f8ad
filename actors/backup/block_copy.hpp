// A file on its way into a repository in blocks.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/secret.hpp"
#include "engine/codec/block_pack.hpp"
#include "engine/codec/digest.hpp"
#include "engine/plan/block_delta.hpp"
#include "storage/repository/repository.hpp"

#include <memory>
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

/// Judges the blocks of one file for the kernel that packs them, and sees what is stored of them.
/// The judging half and the seeing half may be used by two threads at once.
class block_copy final : public codec::block_judge {
public:
  explicit block_copy(plan::block_delta delta);

  bool takes(const codec::block_sum& sum, uint64_t plain_bytes) override {
    return delta_.takes(sum, plain_bytes);
  }
  void packed(uint64_t plain_bytes, uint64_t stored_bytes) override {
    delta_.packed(plain_bytes, stored_bytes);
  }
  void see_stored(byte_view bytes);

  // After the last block.
  bool is_unchanged() const { return delta_.is_unchanged(); }
  /// The map as it is stored behind the super blocks.
  /// @param pass  empty: not encrypted
  result<std::vector<std::byte>> seal_map(const block_place& at, const secret& pass);
  /// Of all that was seen; once.
  codec::sha1_digest stored_checksum();

private:
  plan::block_delta delta_;
  codec::digest_kernel digest_;
  std::unique_ptr<codec::stream> stored_;
};

/// Begins such a file. A prior map that is missing or damaged is told (WARN), and all blocks are
/// stored anew: this backup needs nothing of what nobody can read.
/// @param prior   the prior backup; null where there is none
/// @param engine  may be null
result<std::shared_ptr<block_copy>> begin_blocks(repository& repo, const block_wish& wish,
                                                 uint32_t reference, const format::manifest* prior,
                                                 io::io_engine* engine);

} // namespace pgbraid

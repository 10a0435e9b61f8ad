// Judges the blocks of a file where it lies, for a map that is made elsewhere.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/codec/block_pack.hpp"
#include "engine/plan/block_notes.hpp"
#include "storage/wire/wire.hpp"

#include <utility>

namespace pgbraid {

/// The judge of a file that was asked for in blocks.
class block_watch final : public codec::block_judge {
public:
  /// @param how    checked
  /// @param prior  as many checksums as `how` says
  block_watch(const wire::copied_blocks& how, std::vector<std::byte> prior,
              uint64_t memory_limit_bytes)
      : noter_(static_cast<uint8_t>(how.checksum_bytes), std::move(prior), memory_limit_bytes) {}

  bool takes(const codec::block_sum& sum, uint64_t) override { return noter_.takes(sum); }
  void packed(uint64_t, uint64_t stored_bytes) override { noter_.packed(stored_bytes); }

  /// See `plan::block_noter`.
  bool is_full() const { return noter_.is_full(); }
  std::vector<std::byte> take_notes() { return noter_.take_notes(); }

private:
  plan::block_noter noter_;
};

} // namespace pgbraid

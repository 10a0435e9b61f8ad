// Judges the blocks of a file where it lies, for a map that is made elsewhere.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/codec/block_pack.hpp"
#include "engine/plan/block_notes.hpp"
#include "storage/wire/wire.hpp"

#include <mutex>
#include <utility>

namespace pgbraid {

/// The judge of a file that was asked for in blocks. Notes may be taken by another thread.
class block_watch final : public codec::block_judge {
public:
  /// @param how    checked
  /// @param prior  as many checksums as `how` says
  block_watch(const wire::copied_blocks& how, std::vector<std::byte> prior)
      : noter_(static_cast<uint8_t>(how.checksum_bytes), std::move(prior)) {}

  bool takes(const codec::block_sum& sum, uint64_t) override {
    const std::lock_guard lock(mutex_);
    return noter_.takes(sum);
  }
  void packed(uint64_t, uint64_t stored_bytes) override {
    const std::lock_guard lock(mutex_);
    noter_.packed(stored_bytes);
  }
  /// See `plan::block_noter`.
  std::vector<std::byte> take_notes() {
    const std::lock_guard lock(mutex_);
    return noter_.take_notes();
  }

private:
  std::mutex mutex_;
  plan::block_noter noter_;
};

} // namespace pgbraid

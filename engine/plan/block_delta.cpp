// Comparing blocks, and making a map.
// SPDX-License-Identifier: MIT
#include "engine/plan/block_delta.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace pgbraid::plan {

block_delta::block_delta(uint64_t block_bytes, uint8_t checksum_bytes, uint32_t reference,
                         std::optional<format::block_map> prior)
    : reference_(reference) {
  if (prior)
    prior_ = std::move(*prior);
  assert(!prior || (prior_.shape.block_bytes == block_bytes &&
                    prior_.shape.checksum_bytes == checksum_bytes));
  map_.shape = {.block_bytes = block_bytes,
                .checksum_bytes = checksum_bytes,
                .reference_count = uint64_t{reference} + 1};
}

bool block_delta::takes(byte_view sum, uint64_t plain_bytes) {
  const auto block = map_.checksums.size() / map_.shape.checksum_bytes;
  const auto own = sum.first(map_.shape.checksum_bytes);
  map_.shape.file_bytes += plain_bytes;
  const bool has_prior = prior_run_ < prior_.runs.size();
  const bool known = has_prior && std::ranges::equal(own, prior_.checksum_of(block));
  if (known) {
    auto run = prior_.runs[prior_run_];
    run.first_block += in_prior_run_;
    run.blocks = 1;
    map_.append(run, own);
  } else {
    changed_ = true;
    map_.append({.offset_bytes = offset_bytes_,
                 .plain_bytes = 0, // known once it is packed
                 .reference = reference_,
                 .first_block = pending_++,
                 .blocks = 1},
                own);
  }
  if (has_prior && ++in_prior_run_ == prior_.runs[prior_run_].blocks) {
    ++prior_run_;
    in_prior_run_ = 0;
  }
  return !known;
}

void block_delta::packed(uint64_t plain_bytes, uint64_t stored_bytes) {
  assert(pending_ > 0);
  for (auto at = first_pending_; at < map_.runs.size(); ++at) {
    auto& run = map_.runs[at];
    if (run.reference != reference_ || run.offset_bytes != offset_bytes_)
      continue;
    run.plain_bytes = plain_bytes;
    run.stored_bytes = stored_bytes;
  }
  first_pending_ = map_.runs.size();
  offset_bytes_ += stored_bytes;
  pending_ = 0;
}

bool block_delta::is_unchanged() const {
  return !changed_ && prior_run_ == prior_.runs.size();
}

format::block_map block_delta::take_map() {
  assert(pending_ == 0);
  prior_ = {};
  return std::move(map_);
}

void place_blocks(format::block_map& in, uint32_t reference, uint64_t bundle_id,
                  uint64_t offset_bytes) {
  for (auto& run : in.runs)
    if (run.reference == reference) {
      run.bundle_id = bundle_id;
      run.offset_bytes += offset_bytes;
    }
}

// Both maps, the new one growing.
uint64_t memory_of_block_delta(uint64_t blocks, uint8_t checksum_bytes) {
  return 4 * blocks * (sizeof(format::block_run) + checksum_bytes);
}

} // namespace pgbraid::plan

// Planning the reads of a file in blocks.
// SPDX-License-Identifier: MIT
#include "engine/plan/block_reads.hpp"

#include <algorithm>
#include <cassert>
#include <numeric>

namespace pgbraid::plan {

namespace {

using format::block_run;

class planner {
public:
  planner(const format::block_map& of, const block_wish& wanted, uint64_t gap_bytes)
      : of_(of), wanted_(wanted), gap_bytes_(gap_bytes) {}

  block_reads plan() {
    std::vector<uint32_t> first_blocks(of_.runs.size());
    uint32_t block = 0;
    for (size_t i = 0; i < of_.runs.size(); ++i) {
      first_blocks[i] = block;
      block += of_.runs[i].blocks;
    }
    // Of one backup they are in order already: a map only goes forward.
    std::vector<uint32_t> order(of_.runs.size());
    std::iota(order.begin(), order.end(), 0);
    std::ranges::stable_sort(order, {}, [&](uint32_t i) { return of_.runs[i].reference; });
    for (const auto i : order)
      add(of_.runs[i], first_blocks[i]);
    return std::move(out_);
  }

private:
  /// The blocks of a run that are wanted.
  void add(const block_run& run, uint64_t first_block) {
    for (uint32_t i = 0; i < run.blocks;) {
      if (!wanted_(first_block + i)) {
        ++i;
        continue;
      }
      const auto begin = i;
      while (i < run.blocks && wanted_(first_block + i))
        ++i;
      add_part(run, run.first_block + begin, first_block + begin, i - begin);
    }
  }

  void add_part(const block_run& run, uint64_t in_unit, uint64_t in_file, uint64_t count) {
    if (last_ == nullptr || !last_->shares_super_block(run))
      add_unit(run);
    last_ = &run;
    const auto bytes = of_.shape.block_bytes;
    const auto begin = in_file * bytes;
    out_.parts.push_back(
        {in_unit * bytes, begin, std::min(count * bytes, of_.shape.file_bytes - begin)});
    ++out_.units.back().parts;
  }

  void add_unit(const block_run& run) {
    uint64_t skip = 0;
    bool joins = false;
    if (!out_.ranges.empty()) {
      const auto& before = out_.ranges.back();
      const auto end = before.offset_bytes + before.length_bytes;
      joins = before.reference == run.reference && end <= run.offset_bytes &&
              run.offset_bytes - end <= gap_bytes_;
      skip = joins ? run.offset_bytes - end : 0;
    }
    if (!joins)
      out_.ranges.push_back({run.reference, run.bundle_id, run.offset_bytes, 0});
    out_.ranges.back().length_bytes += skip + run.stored_bytes;
    out_.units.push_back({.skip_bytes = skip,
                          .stored_bytes = run.stored_bytes,
                          .plain_bytes = run.plain_bytes,
                          .first_part = static_cast<uint32_t>(out_.parts.size())});
  }

  const format::block_map& of_;
  const block_wish& wanted_;
  const uint64_t gap_bytes_;
  const block_run* last_ = nullptr;
  block_reads out_;
};

} // namespace

uint64_t block_reads::stored_bytes() const {
  uint64_t sum = 0;
  for (const auto& one : ranges)
    sum += one.length_bytes;
  return sum;
}

block_reads plan_block_reads(const format::block_map& of, const block_wish& wanted,
                             uint64_t gap_bytes) {
  return planner(of, wanted, gap_bytes).plan();
}

// Vectors that grow hold up to three times what is in them while they do. Parts are at most blocks
// where every second block is wanted, and else one for each run; a map lists both.
uint64_t memory_of_block_reads(uint64_t map_bytes, uint8_t checksum_bytes, uint64_t blocks) {
  const auto runs = std::min(map_bytes / (1 + uint64_t{checksum_bytes}), blocks);
  return 3 * (runs * (sizeof(block_range) + sizeof(block_unit)) + blocks * sizeof(block_part)) +
         2 * runs * sizeof(uint32_t);
}

std::optional<block_scatter::piece> block_scatter::next(uint64_t available) {
  assert(available > 0);
  while (unit_ < of_->units.size()) {
    const auto& unit = of_->units[unit_];
    if (at_bytes_ == unit.plain_bytes) {
      ++unit_;
      part_ = 0;
      at_bytes_ = 0;
      continue;
    }
    const auto* const part = part_ < unit.parts ? &of_->parts[unit.first_part + part_] : nullptr;
    if (part != nullptr && at_bytes_ == part->from_bytes + part->length_bytes) {
      ++part_;
      continue;
    }
    const bool inside = part != nullptr && at_bytes_ >= part->from_bytes;
    const auto end = inside            ? part->from_bytes + part->length_bytes
                     : part != nullptr ? part->from_bytes
                                       : unit.plain_bytes;
    piece out{.length_bytes = std::min(available, end - at_bytes_)};
    if (inside)
      out.to_bytes = part->to_bytes + (at_bytes_ - part->from_bytes);
    at_bytes_ += out.length_bytes;
    return out;
  }
  return std::nullopt;
}

} // namespace pgbraid::plan

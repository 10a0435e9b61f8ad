// Planning and reading what files of a batch share.
// SPDX-License-Identifier: MIT
#include "actors/restore/far_blocks.hpp"

#include "actors/restore/blocks_in_place.hpp"
#include "engine/format/repository_path.hpp"
#include "engine/plan/joined_ranges.hpp"
#include "storage/repository/block_map_file.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace pgbraid {

far_blocks::far_blocks(restore_context& context,
                       std::span<const format::manifest_file* const> files,
                       std::shared_ptr<shared_bytes> near)
    : context_(context), files_(files.begin(), files.end()), near_(std::move(near)) {
  assert(!files_.empty());
}

/// The file looks itself again when its turn comes: this is what will be in memory then.
result<std::vector<bool>> far_blocks::blocks_there(const format::manifest_file& file,
                                                   const format::block_map& map) {
  const std::vector<bool> nothing(map.shape.blocks());
  if (!context_.delta)
    return nothing;
  const auto place = context_.where.locate(file.name);
  auto& target = context_.tree.at(place.root);
  const auto found = target.info(place.path);
  if (!found)
    return found.failure();
  if (!*found || (*found)->kind != entry_kind::file)
    return nothing;
  const auto there = target.open_read(place.path);
  if (!there)
    return there.failure();
  return blocks_in_place(map, std::min((*found)->size_bytes, file.size_bytes),
                         [&](byte_span out, uint64_t at) { return (*there)->read_at(out, at); });
}

void far_blocks::add(std::vector<plan::block_range>& to, size_t position, io::io_engine* engine) {
  const auto& file = *files_[position];
  if (!plan::may_have_far_blocks(context_.stored, file))
    return;
  const auto own = near_->bytes_of(position, engine);
  if (!own || own->size() < file.stored_bytes())
    return;
  const auto size = file.rare->block_map_size_bytes;
  const auto map =
      open_block_map(own->subspan(file.stored_bytes() - size, size), context_.stored, file);
  if (!map)
    return;
  const auto there = blocks_there(file, *map);
  if (!there)
    return;
  const auto reads = plan::plan_block_reads(
      *map, [&](uint64_t block) { return !(*there)[block]; }, context_.reading.read_over_bytes);
  const auto& holder = context_.stored.holder(file);
  std::ranges::copy_if(reads.ranges, std::back_inserter(to), [&](const auto& range) {
    return range.bundle_id != 0 && context_.stored.references[range.reference] != holder;
  });
}

void far_blocks::plan(io::io_engine* engine) {
  if (std::exchange(planned_, true))
    return;
  const auto near_bytes = near_->most_bytes();
  if (near_bytes >= context_.reading.bytes)
    return;
  // Together with the batch's own bytes this is what a batch may have, the list included.
  const auto left_bytes = context_.reading.bytes - near_bytes;
  constexpr size_t path_bytes = 128;
  constexpr auto bytes_of_one = 2 * sizeof(plan::block_range) + sizeof(small_read) + path_bytes;
  const auto most = left_bytes / 8 / bytes_of_one;
  std::vector<plan::block_range> wanted;
  for (size_t i = 0; i < files_.size() && wanted.size() < most; ++i)
    add(wanted, i, engine);
  wanted.resize(std::min<size_t>(wanted.size(), most));
  const auto list_bytes = wanted.size() * bytes_of_one;
  ranges_ = plan::joined_ranges(std::move(wanted), context_.reading.read_over_bytes,
                                left_bytes - list_bytes);
  if (ranges_.empty())
    return;
  std::vector<small_read> reads;
  for (const auto& one : ranges_) {
    const auto& label = context_.stored.references[one.reference];
    reads.push_back({.path = format::bundle_path(context_.stanza, label, one.bundle_id),
                     .limit_bytes = one.length_bytes,
                     .offset_bytes = one.offset_bytes});
  }
  pieces_ = read_small_together(context_.repository, std::move(reads));
  pieces_->begin();
}

std::optional<byte_view> far_blocks::bytes_of(const plan::block_range& wanted,
                                              io::io_engine* engine) {
  const auto* const range = plan::holding(ranges_, wanted);
  if (range == nullptr)
    return {};
  const auto all = pieces_->bytes_of(static_cast<size_t>(range - ranges_.data()), engine);
  const auto begin = wanted.offset_bytes - range->offset_bytes;
  if (!all || begin + wanted.length_bytes > all->size())
    return {};
  return all->subspan(begin, wanted.length_bytes);
}

} // namespace pgbraid

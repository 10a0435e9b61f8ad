// Reading maps and super blocks.
// SPDX-License-Identifier: MIT
#include "actors/restore/block_source.hpp"

#include "actors/restore/blocks_in_place.hpp"
#include "engine/format/repository_path.hpp"
#include "storage/repository/block_map_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace pgbraid {

block_source::block_source(restore_context& context, const format::manifest_file& file,
                           batch_bytes together, size_t position)
    : context_(context), file_(file), together_(std::move(together)), position_(position) {}

error block_source::ends_early(const std::string& path) const {
  return {errc::format, fmt::format("'{}' ends before the blocks of '{}' do", path, file_.name)};
}

result<byte_view> block_source::own_bytes(io::io_engine* engine) {
  auto bytes = together_.near->bytes_of(position_, engine);
  if (bytes && bytes->size() < file_.stored_bytes())
    return ends_early(format::stored_file_path(context_.stanza, context_.stored, file_));
  return bytes;
}

result<format::block_map> block_source::read_map(io::io_engine* engine) {
  if (together_.far)
    together_.far->plan(engine);
  if (!together_.near)
    return load_block_map(context_.repository, context_.stanza, context_.stored, file_, engine);
  auto own = own_bytes(engine);
  if (!own)
    return own.failure();
  const auto size = file_.rare->block_map_size_bytes;
  return open_block_map(own->subspan(file_.stored_bytes() - size, size), context_.stored, file_);
}

void block_source::begin(const std::vector<plan::block_range>& ranges, io::io_engine* engine) {
  ranges_ = &ranges;
  engine_ = engine;
}

result<std::optional<byte_view>> block_source::find(const plan::block_range& range) {
  const auto own_offset = file_.in_bundle() ? file_.bundle_offset_bytes : 0;
  const bool near = together_.near &&
                    context_.stored.references[range.reference] == context_.stored.holder(file_) &&
                    range.bundle_id == file_.bundle_id && range.offset_bytes >= own_offset &&
                    range.offset_bytes - own_offset <= file_.stored_bytes() &&
                    range.length_bytes <= file_.stored_bytes() - (range.offset_bytes - own_offset);
  if (near) {
    auto own = own_bytes(engine_);
    if (!own)
      return own.failure();
    return std::optional(own->subspan(range.offset_bytes - own_offset, range.length_bytes));
  }
  if (!together_.far)
    return std::optional<byte_view>();
  return together_.far->bytes_of(range, engine_);
}

result<void> block_source::next_range() {
  const auto& range = (*ranges_)[next_++];
  const auto& label = context_.stored.references[range.reference];
  path_ = format::block_file_path(context_.stanza, label, file_.name, range.bundle_id);
  left_bytes_ = range.length_bytes;
  source_ = nullptr;
  auto found = find(range);
  if (!found)
    return found.failure();
  here_ = found->value_or(byte_view());
  if (*found)
    return success();
  auto file = context_.repository.open_read(path_, {.offset_bytes = range.offset_bytes,
                                                    .limit_bytes = range.length_bytes,
                                                    .engine = engine_,
                                                    .size_hint_bytes = range.length_bytes});
  if (!file)
    return file.failure();
  source_ = std::move(*file);
  return success();
}

result<size_t> block_source::read(byte_span out) {
  size_t filled = 0;
  while (filled < out.size()) {
    if (left_bytes_ == 0) {
      if (ranges_ == nullptr || next_ == ranges_->size())
        break;
      if (auto begun = next_range(); !begun)
        return begun.failure();
    }
    const auto room = out.subspan(
        filled, static_cast<size_t>(std::min<uint64_t>(out.size() - filled, left_bytes_)));
    size_t count = room.size();
    if (source_) {
      auto got = source_->read(room);
      if (!got)
        return got;
      if (*got == 0)
        return ends_early(path_);
      count = *got;
    } else {
      std::memcpy(room.data(), here_.data(), count);
      here_ = here_.subspan(count);
    }
    filled += count;
    left_bytes_ -= count;
  }
  return filled;
}

void block_source::let_go() {
  source_ = nullptr;
  here_ = {};
  together_ = {};
}

uint64_t memory_of_blocks(const format::manifest_file& file) {
  const auto map = file.rare->block_map_size_bytes;
  const auto sums = file.rare->block_checksum_bytes;
  const auto blocks = std::min(map / sums, file.size_bytes / file.rare->block_size_bytes + 1);
  return 2 * map + place_chunk_bytes + blocks / 8 + format::memory_of_block_map(map, sums) +
         plan::memory_of_block_reads(map, sums, blocks);
}

} // namespace pgbraid

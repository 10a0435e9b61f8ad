// Restoring a file from its blocks.
// SPDX-License-Identifier: MIT
#include "actors/restore/block_task.hpp"

#include "actors/restore/blocks_in_place.hpp"
#include "engine/codec/block_unpack.hpp"
#include "engine/codec/digest.hpp"
#include "engine/codec/stepper.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace pgbraid {

namespace {

/// What comes in a stream of stored bytes. @param units  must outlive it
codec::super_block_source super_blocks_of(const std::vector<plan::block_unit>& units) {
  return [&units, next = size_t{0}]() mutable -> std::optional<codec::super_block> {
    if (next == units.size())
      return std::nullopt;
    const auto& unit = units[next++];
    return codec::super_block{unit.skip_bytes, unit.stored_bytes, unit.plain_bytes};
  };
}

} // namespace

block_task::block_task(restore_context& context, const format::manifest_file& file,
                       const format::manifest_file& copy, batch_bytes together, size_t position)
    : placed_file(context, file, copy), source_(context, copy, std::move(together), position) {}

block_task::~block_task() = default;

error block_task::not_restored(const error& what) const {
  return what.within(fmt::format("error restoring '{}'", name()));
}

result<bool> block_task::open(const graph::worker_tools& tools) {
  auto kept = keep_existing();
  if (!kept)
    return of_target(kept.failure());
  if (*kept)
    return false;
  if (auto may = may_ask(); !may)
    return may.failure();
  if (auto planned = plan_reads(tools); !planned)
    return planned.failure();
  source_.begin(reads_.ranges, tools.engine);
  return true;
}

/// The map is read before the target is touched, and forgotten once the plan is made.
result<void> block_task::plan_reads(const graph::worker_tools& tools) {
  auto map = source_.read_map(tools.engine);
  if (!map)
    return not_restored(map.failure());
  if (auto opened = open_target(tools); !opened)
    return opened;
  auto there = blocks_in_place(*map, target_->kept_bytes(), [this](byte_span out, uint64_t at) {
    return target_->read_at(out, at);
  });
  if (!there)
    return of_target(there.failure());
  reads_ = plan::plan_block_reads(
      *map, [&](uint64_t block) { return !(*there)[block]; }, context_.reading.read_over_bytes);
  return success();
}

result<void> block_task::open_target(const graph::worker_tools& tools) {
  const auto owner = context_.owners.ids(file_.user, file_.group);
  auto file = target().open_update(target_path(), {.size_bytes = file_.size_bytes,
                                                   .keep = context_.delta,
                                                   .mode = file_.mode,
                                                   .mtime_s = file_.mtime_s,
                                                   .uid = owner.uid,
                                                   .gid = owner.gid,
                                                   .engine = tools.engine});
  if (!file)
    return explain_write(file.failure());
  target_ = std::move(*file);
  return success();
}

result<size_t> block_task::read(byte_span out) {
  auto got = source_.read(out);
  if (!got)
    return not_restored(got.failure());
  return got;
}

std::unique_ptr<codec::stream> block_task::open_stream(codec::kernel& kernel) {
  auto* const unpack = dynamic_cast<codec::block_unpack_kernel*>(&kernel);
  return unpack == nullptr ? nullptr : unpack->open(super_blocks_of(reads_.units));
}

result<void> block_task::write(byte_view in) {
  while (!in.empty()) {
    const auto piece = scatter_.next(in.size());
    if (!piece)
      return not_restored({errc::format, "there are more blocks than its map has"});
    const auto bytes = in.first(piece->length_bytes);
    if (piece->to_bytes)
      if (auto written = target_->write_at(bytes, *piece->to_bytes); !written)
        return explain_write(written.failure());
    in = in.subspan(bytes.size());
  }
  return success();
}

result<void> block_task::finish(const graph::file_streams&) {
  codec::digest_kernel digest;
  const auto stream = digest.open();
  std::vector<std::byte> chunk(place_chunk_bytes);
  for (uint64_t at = 0; at < file_.size_bytes;) {
    auto got = target_->read_at(chunk, at);
    if (!got)
      return of_target(got.failure());
    at += *got;
    const bool last = *got < chunk.size() || at >= file_.size_bytes;
    if (auto seen =
            codec::observe(digest, *stream, codec::window_of(byte_view(chunk).first(*got), last));
        !seen)
      return seen;
    if (last)
      break;
  }
  if (auto right = compare(codec::digest_kernel::value(*stream)); !right)
    return right;
  if (auto begun = target_->begin_commit(); !begun)
    return explain_write(begun.failure());
  outcome_ = reads_.units.empty() ? outcome::matched : outcome::restored;
  return success();
}

void block_task::let_go() {
  source_.let_go();
  target_ = nullptr;
}

result<bool> block_task::settled(bool wait) {
  auto done = target_->committed(wait);
  if (!done)
    return explain_write(done.failure());
  if (*done)
    target_ = nullptr;
  return done;
}

} // namespace pgbraid

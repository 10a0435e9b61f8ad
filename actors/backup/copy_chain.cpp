// Streams of files, and what they know at the end.
// SPDX-License-Identifier: MIT
#include "actors/backup/copy_chain.hpp"

#include "engine/codec/container_kernel.hpp"
#include "engine/format/block_map.hpp"
#include "engine/postgres/exclusion.hpp"

#include <bit>

namespace pgbraid {

namespace {

/// Blocks are whole pages of this size.
constexpr uint32_t page_unit_bytes = 8192;
/// What is noted of blocks between two writes: of a super block, and of some chunks on their way.
constexpr uint64_t unsent_notes_bytes = uint64_t{256} << 10;

} // namespace

result<graph::chain> make_copy_chain(const codec::file_rules& rules) {
  return graph::chain::make(graph::backup_graph(copy_shape(rules)));
}

std::unique_ptr<codec::stream> open_copy_stream(codec::kernel& kernel, const wire::copied_file& of,
                                                reread read_again,
                                                std::shared_ptr<codec::block_judge> judge) {
  const bool in_blocks = of.blocks && judge != nullptr;
  if (auto* pack = dynamic_cast<codec::block_pack_kernel*>(&kernel))
    return in_blocks
               ? pack->open({of.blocks->block_bytes, of.blocks->super_bytes, std::move(judge)})
               : nullptr;
  if (in_blocks && kernel.transforms()) // super blocks are compressed and encrypted by themselves
    return nullptr;
  if (auto* container = dynamic_cast<codec::container_kernel*>(&kernel))
    return of.raw ? container->open_raw() : container->open();
  auto* checker = dynamic_cast<codec::page_check_kernel*>(&kernel);
  if (!checker)
    return kernel.open();
  if (!of.check_pages)
    return nullptr;
  return checker->open(
      {.segment = postgres::relation_segment(of.name), .read_again = std::move(read_again)});
}

void take_copy_results(const graph::file_streams& streams, copy_results& into) {
  into.checksum = codec::digest_kernel::value(*streams.of(graph::finding::checksum));
  if (const auto* stored = streams.of(graph::finding::repo_checksum))
    into.repo_checksum = codec::digest_kernel::value(*stored);
  if (const auto* pages = streams.of(graph::finding::pages))
    into.pages = codec::page_check_kernel::verdict(*pages);
}

result<void> validate(const codec::file_rules& rules) {
  const auto levels = codec::levels_of(rules.compression);
  if (rules.compression != compress_type::none &&
      (rules.compress_level < levels.low || rules.compress_level > levels.high))
    return error{errc::protocol, "the other host asked for an unknown compression level"};
  if (rules.checksum_page && (!std::has_single_bit(rules.page_bytes) || rules.page_bytes < 1024 ||
                              rules.page_bytes > 32768))
    return error{errc::protocol, "the other host asked for an impossible page size"};
  return success();
}

result<void> validate(const wire::copied_blocks& how, const wire::copy_rules& rules) {
  if (!rules.file.blocks)
    return error{errc::protocol, "the other host asked for blocks in a copy without them"};
  if (how.block_bytes == 0 || how.block_bytes % page_unit_bytes != 0 || how.checksum_bytes == 0 ||
      how.checksum_bytes > codec::block_sum().size() || how.super_bytes < how.block_bytes ||
      how.super_bytes % how.block_bytes != 0 ||
      how.super_bytes > format::largest_super_block(how.block_bytes))
    return error{errc::protocol, "the other host asked for blocks of impossible sizes"};
  if (how.prior_blocks > rules.block_memory_bytes ||
      served_block_memory(how, how.prior_blocks) > rules.block_memory_bytes)
    return error{errc::protocol, "the other host asked for more blocks than it said"};
  return success();
}

uint64_t served_block_memory(const wire::copied_blocks& how, uint64_t prior_blocks) {
  return how.super_bytes + prior_blocks * how.checksum_bytes + unsent_notes_bytes;
}

} // namespace pgbraid

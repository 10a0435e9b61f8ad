// What is read to make a file of its blocks, by hand and for any map.
// SPDX-License-Identifier: MIT
#include "engine/plan/block_reads.hpp"
#include "tests/unit/generators.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <tuple>

using namespace pgbraid;
using namespace pgbraid::plan;
using format::block_map;
using format::block_run;
using pgbraid::test::between;

namespace {

constexpr uint64_t block = 8192;

bool all(uint64_t) {
  return true;
}

/// Blocks 0 and 3 of a super block of the first backup, 1 and 2 of the second, the rest of a later
/// super block of the first one, right behind.
block_map mixed() {
  block_map out{.shape = {.file_bytes = 4 * block + 100,
                          .block_bytes = block,
                          .checksum_bytes = 1,
                          .reference_count = 2}};
  const block_run first{.bundle_id = 1,
                        .offset_bytes = 50,
                        .stored_bytes = 300,
                        .plain_bytes = 4 * block,
                        .reference = 0,
                        .first_block = 0,
                        .blocks = 1};
  auto rest = first;
  rest.first_block = 3;
  const block_run other{.bundle_id = 0,
                        .offset_bytes = 0,
                        .stored_bytes = 70,
                        .plain_bytes = 2 * block,
                        .reference = 1,
                        .first_block = 0,
                        .blocks = 2};
  const block_run tail{.bundle_id = 1,
                       .offset_bytes = 350,
                       .stored_bytes = 20,
                       .plain_bytes = 100,
                       .reference = 0,
                       .first_block = 0,
                       .blocks = 1};
  const std::vector<std::byte> sums(2);
  out.append(first, byte_view(sums).first(1));
  out.append(other, sums);
  out.append(rest, byte_view(sums).first(1));
  out.append(tail, byte_view(sums).first(1));
  return out;
}

/// Any map whose super blocks lie in the order in which backups wrote them.
block_map any_map() {
  const auto references = *between<uint32_t>(1, 4);
  block_map out{
      .shape = {.block_bytes = block, .checksum_bytes = 1, .reference_count = references}};
  std::vector<block_run> at(references);
  for (uint32_t i = 0; i < references; ++i)
    at[i] = {.offset_bytes = 0, .stored_bytes = 0, .plain_bytes = 0, .reference = i};
  const auto runs = *between<int>(1, 20);
  uint64_t blocks = 0;
  for (int i = 0; i < runs; ++i) {
    auto& one = at[*between<uint32_t>(0, references - 1)];
    const auto in_unit = one.plain_bytes / block;
    const auto used = uint64_t{one.first_block} + one.blocks;
    if (used >= in_unit || *between<int>(0, 2) == 0) {
      one.offset_bytes += one.stored_bytes + *between<uint64_t>(0, 1) * *between<uint64_t>(1, 200);
      one.stored_bytes = *between<uint64_t>(1, 500);
      one.plain_bytes = *between<uint64_t>(1, 6) * block;
      one.first_block = static_cast<uint32_t>(*between<uint64_t>(0, one.plain_bytes / block - 1));
    } else {
      one.first_block = static_cast<uint32_t>(*between<uint64_t>(used, in_unit - 1));
    }
    one.blocks =
        static_cast<uint32_t>(*between<uint64_t>(1, one.plain_bytes / block - one.first_block));
    blocks += one.blocks;
    const std::vector<std::byte> sums(one.blocks);
    out.append(one, sums);
  }
  out.shape.file_bytes = blocks * block;
  return out;
}

/// Where each block of the file lies, as the map says it.
using place = std::tuple<uint32_t, uint64_t, uint64_t>; // backup, offset, plain offset in it
std::map<uint64_t, place> places_of(const block_map& of) {
  std::map<uint64_t, place> out;
  uint64_t number = 0;
  for (const auto& run : of.runs)
    for (uint32_t i = 0; i < run.blocks; ++i)
      out[number++] = {run.reference, run.offset_bytes, (run.first_block + i) * block};
  return out;
}

} // namespace

TEST_CASE("block reads: backup by backup, each super block once, neighbours together") {
  const auto reads = plan_block_reads(mixed(), all, 0);
  CHECK(reads.ranges == std::vector<block_range>{{0, 1, 50, 320}, {1, 0, 0, 70}});
  CHECK(reads.units == std::vector<block_unit>{{0, 300, 4 * block, 0, 2},
                                               {0, 20, 100, 2, 1},
                                               {0, 70, 2 * block, 3, 1}});
  CHECK(reads.parts == std::vector<block_part>{{0, 0, block},
                                               {3 * block, 3 * block, block},
                                               {0, 4 * block, 100},
                                               {0, block, 2 * block}});
  CHECK(reads.stored_bytes() == 390);
}

TEST_CASE("block reads: only what is wanted, a small gap is read through") {
  const auto reads = plan_block_reads(
      mixed(), [](uint64_t one) { return one == 2 || one == 4; }, 0);
  CHECK(reads.ranges == std::vector<block_range>{{0, 1, 350, 20}, {1, 0, 0, 70}});
  CHECK(reads.parts == std::vector<block_part>{{0, 4 * block, 100}, {block, 2 * block, block}});
  CHECK(plan_block_reads(
            mixed(), [](uint64_t) { return false; }, 0) == block_reads{});

  auto apart = mixed();
  apart.runs.back().offset_bytes = 450;
  CHECK(plan_block_reads(apart, all, 100).units[1].skip_bytes == 100);
  CHECK(plan_block_reads(apart, all, 100).ranges.size() == 2);
  CHECK(plan_block_reads(apart, all, 99).units[1].skip_bytes == 0);
  CHECK(plan_block_reads(apart, all, 99).ranges.size() == 3);
}

TEST_CASE("block reads: each wanted block of any map comes from where the map has it, once") {
  test::for_all([] {
    const auto map = any_map();
    const auto blocks = map.shape.blocks();
    const auto wish = *rc::gen::container<std::vector<bool>>(blocks, rc::gen::arbitrary<bool>());
    const auto reads = plan_block_reads(
        map, [&](uint64_t one) { return static_cast<bool>(wish[one]); },
        *between<uint64_t>(0, 300));
    // Follow the reads, and note what comes for each block.
    std::map<uint64_t, place> came;
    size_t unit = 0;
    for (const auto& range : reads.ranges) {
      auto offset = range.offset_bytes;
      const auto end = offset + range.length_bytes;
      while (offset < end) {
        const auto& at = reads.units.at(unit++);
        offset += at.skip_bytes;
        for (uint32_t i = 0; i < at.parts; ++i) {
          const auto& part = reads.parts.at(at.first_part + i);
          RC_ASSERT(part.from_bytes + part.length_bytes <= at.plain_bytes);
          for (uint64_t done = 0; done < part.length_bytes; done += block)
            RC_ASSERT(came.insert({(part.to_bytes + done) / block,
                                   {range.reference, offset, part.from_bytes + done}})
                          .second);
        }
        offset += at.stored_bytes;
      }
      RC_ASSERT(offset == end);
    }
    RC_ASSERT(unit == reads.units.size());
    auto wanted = places_of(map);
    std::erase_if(wanted, [&](const auto& one) { return !wish[one.first]; });
    RC_ASSERT(came == wanted);

    // The same by way of the bytes, in any portions.
    block_scatter scatter(reads);
    std::map<uint64_t, uint64_t> bytes_of;
    while (const auto piece = scatter.next(*between<uint64_t>(1, 3 * block)))
      for (uint64_t i = 0; piece->to_bytes && i < piece->length_bytes; ++i)
        ++bytes_of[(*piece->to_bytes + i) / block];
    RC_ASSERT(bytes_of.size() == wanted.size());
    for (const auto& [number, count] : bytes_of)
      RC_ASSERT(count == block);
  });
}

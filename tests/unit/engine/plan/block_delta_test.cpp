// What a chain of backups stores of a file in blocks, against a model that remembers all of it.
// SPDX-License-Identifier: MIT
#include "engine/plan/block_delta.hpp"
#include "tests/unit/generators.hpp"

#include <doctest/doctest.h>

#include <map>
#include <tuple>

using namespace pgbraid;
using namespace pgbraid::plan;
using pgbraid::test::between;

namespace {

constexpr uint64_t block = 8192;
constexpr uint8_t sum_bytes = 6;

/// A block of this content; the last one of a file may be short.
struct content {
  uint32_t value = 0;
  uint64_t bytes = block;
  friend bool operator==(const content&, const content&) = default;
};

std::vector<std::byte> sum_of(const content& of) {
  std::vector<std::byte> out(16);
  for (size_t i = 0; i < 4; ++i)
    out[i] = static_cast<std::byte>(of.value >> (8 * i));
  out[4] = static_cast<std::byte>(of.bytes & 0xff);
  out[5] = static_cast<std::byte>(of.bytes >> 8);
  return out;
}

/// All that backups ever stored: backup, offset and number in the super block.
using store = std::map<std::tuple<uint32_t, uint64_t, uint64_t, uint32_t>, content>;

/// Backs a file up, as the kernel and the bundle would.
block_delta back_up(const std::vector<content>& file, uint32_t reference,
                    std::optional<format::block_map> prior, size_t together,
                    std::vector<std::vector<content>>& supers) {
  block_delta out(block, sum_bytes, reference, std::move(prior));
  std::vector<content> pending;
  const auto close = [&] {
    uint64_t plain = 0;
    for (const auto& one : pending)
      plain += one.bytes;
    out.packed(plain, 100 + pending.size());
    supers.push_back(std::move(pending));
    pending.clear();
  };
  for (const auto& one : file) {
    if (out.takes(sum_of(one), one.bytes))
      pending.push_back(one);
    if (pending.size() == together)
      close();
  }
  if (!pending.empty())
    close();
  return out;
}

std::vector<content> any_change(const std::vector<content>& before) {
  auto out = before;
  const auto count = *between<size_t>(1, 25);
  if (*between<int>(0, 2) == 0)
    out.resize(count);
  if (!out.empty() && *between<int>(0, 3) == 0)
    return out;
  for (auto& one : out) {
    one.bytes = block;
    if (*between<int>(0, 4) == 0)
      one.value = *between<uint32_t>(0, 1000);
  }
  if (!out.empty())
    out.back().bytes = *between<uint64_t>(1, block);
  return out;
}

} // namespace

TEST_CASE("block delta: of any chain each map tells where the content of each block lies") {
  test::for_all([] {
    store all;
    std::vector<content> file(*between<size_t>(1, 25));
    std::optional<format::block_map> prior;
    std::vector<content> before;
    const auto backups = *between<uint32_t>(1, 6);
    for (uint32_t reference = 0; reference < backups; ++reference) {
      file = any_change(file);
      for (auto& one : file)
        if (&one != &file.back())
          one.bytes = block;
      std::vector<std::vector<content>> supers;
      auto delta = back_up(file, reference, prior, *between<size_t>(1, 5), supers);
      RC_ASSERT(delta.is_unchanged() == (prior && file == before));
      if (delta.is_unchanged())
        continue; // it refers to the prior one
      auto map = delta.take_map();
      const auto bundle = *between<uint64_t>(0, 3);
      const auto base = bundle * 1000;
      place_blocks(map, reference, bundle, base);
      uint64_t offset = base;
      for (const auto& super : supers) {
        for (uint32_t i = 0; i < super.size(); ++i)
          all[{reference, bundle, offset, i}] = super[i];
        offset += 100 + super.size();
      }
      const auto text = render(map);
      const auto read = format::parse_block_map(text, map.shape);
      RC_ASSERT(static_cast<bool>(read));
      RC_ASSERT(*read == map);
      uint64_t number = 0;
      for (const auto& run : map.runs)
        for (uint32_t i = 0; i < run.blocks; ++i)
          RC_ASSERT(all.at({run.reference, run.bundle_id, run.offset_bytes, run.first_block + i}) ==
                    file.at(number++));
      RC_ASSERT(number == file.size());
      prior = std::move(map);
      before = file;
    }
  });
}

TEST_CASE("block delta: a file that was only cut has a map and no block") {
  std::vector<std::vector<content>> supers;
  std::vector<content> file{{1}, {2}, {3}};
  auto first = back_up(file, 0, {}, 2, supers);
  CHECK(supers.size() == 2);
  supers.clear();
  file.pop_back();
  auto second = back_up(file, 1, first.take_map(), 2, supers);
  CHECK(supers.empty());
  CHECK_FALSE(second.is_unchanged());
  const auto map = second.take_map();
  CHECK(map.shape.file_bytes == 2 * block);
  CHECK(map.runs.size() == 1);
  CHECK(map.runs[0].reference == 0);
}

// Block maps: examples computed by hand, any that a chain of backups makes, and hostile ones.
// SPDX-License-Identifier: MIT
#include "engine/format/block_map.hpp"
#include "engine/format/varint.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/generators.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <initializer_list>
#include <string>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::format;
using pgbraid::test::between;

namespace {

constexpr const char* class_of_maps = "manifests and info files";
constexpr uint64_t block = 8192;

std::vector<std::byte> from_hex(std::string_view text) {
  std::vector<std::byte> out;
  for (size_t i = 0; i + 1 < text.size(); i += 2)
    out.push_back(static_cast<std::byte>(std::stoul(std::string(text.substr(i, 2)), nullptr, 16)));
  return out;
}

block_map_shape two_blocks() {
  return {.file_bytes = 2 * block, .block_bytes = block, .reference_count = 4};
}

/// A map of numbers, each of which takes as many groups as it needs.
std::vector<std::byte> numbers(std::initializer_list<uint64_t> all) {
  std::vector<std::byte> out;
  for (const auto one : all)
    put_varint(out, one);
  return out;
}

void is_refused(byte_view text, const block_map_shape& of, std::string_view why) {
  test::hostile(class_of_maps);
  CAPTURE(to_hex(text));
  const auto read = parse_block_map(text, of);
  REQUIRE_FALSE(read);
  CHECK(read.failure().code == errc::format);
  CHECK_MESSAGE(read.failure().message.find(why) != std::string::npos, read.failure().message);
}

constexpr uint64_t word(uint64_t rest, bool third = false, bool second = false, bool last = false) {
  return rest << 3 | (third ? 4 : 0) | (second ? 2 : 0) | (last ? 1 : 0);
}

/// A block where one backup after the other put it.
struct cell {
  block_run at;
  std::vector<std::byte> sum;
};

/// Makes the map of a file that a chain of backups stored: each stores a few blocks anew, and the
/// file is cut or grows between them.
block_map any_map() {
  const auto sums = *between<int>(1, 16);
  block_map out{.shape = {.block_bytes = block * *between<uint64_t>(1, 3),
                          .checksum_bytes = static_cast<uint8_t>(sums)}};
  const auto backups = *between<uint32_t>(1, 5);
  out.shape.reference_count = backups + *between<uint64_t>(0, 2);
  std::vector<cell> cells;
  for (uint32_t reference = 0; reference < backups; ++reference) {
    const auto count = *between<size_t>(1, 30);
    const bool grown = count > cells.size();
    const auto tail = *between<uint64_t>(1, out.shape.block_bytes);
    const bool same_end = count == cells.size() && *between<int>(0, 1) == 1;
    std::vector<size_t> stored;
    const auto often = *between<int>(1, 8);
    for (size_t i = 0; i < count; ++i)
      if (i >= cells.size() || *between<int>(0, often) == 0 || (i + 1 == count && !same_end) ||
          (grown && i + 1 == cells.size()))
        stored.push_back(i);
    cells.resize(count);
    if (!same_end || stored.empty())
      out.shape.file_bytes = (count - 1) * out.shape.block_bytes + tail;
    if (stored.empty())
      stored.push_back(count - 1);
    if (stored.back() != count - 1)
      stored.push_back(count - 1);
    const auto together = *between<size_t>(1, 6);
    uint64_t offset = *between<uint64_t>(0, 1) * *between<uint64_t>(0, 1000000);
    const uint64_t bundle = *between<uint64_t>(0, 3);
    for (size_t first = 0; first < stored.size(); first += together) {
      const auto many = std::min(together, stored.size() - first);
      const bool ends = stored[first + many - 1] + 1 == count;
      const auto plain = ends ? (many - 1) * out.shape.block_bytes + out.shape.bytes_of(count - 1)
                              : many * out.shape.block_bytes;
      const auto size = *between<uint64_t>(1, largest_stored_super_block(plain));
      for (size_t i = 0; i < many; ++i) {
        auto& to = cells[stored[first + i]];
        to.at = {.bundle_id = bundle,
                 .offset_bytes = offset,
                 .stored_bytes = size,
                 .plain_bytes = plain,
                 .reference = reference,
                 .first_block = static_cast<uint32_t>(i),
                 .blocks = 1};
        to.sum.assign(out.shape.checksum_bytes, static_cast<std::byte>(*between<int>(0, 255)));
      }
      offset += size;
    }
  }
  for (const auto& one : cells)
    out.append(one.at, one.sum);
  return out;
}

} // namespace

TEST_CASE("block map: the examples of the format, field by field") {
  // engine/format/README.md, section 15.
  const auto page = from_hex("0006019e7197090400a622ff2676a81b01890650aed03c0a51");
  auto read = parse_block_map(page, two_blocks());
  REQUIRE(read);
  std::vector<block_run> wanted{{.bundle_id = 1,
                                 .offset_bytes = 14494,
                                 .stored_bytes = 146,
                                 .plain_bytes = 16384,
                                 .reference = 0,
                                 .first_block = 0,
                                 .blocks = 1},
                                {.bundle_id = 1,
                                 .offset_bytes = 0,
                                 .stored_bytes = 97,
                                 .plain_bytes = 8192,
                                 .reference = 3,
                                 .first_block = 0,
                                 .blocks = 1}};
  CHECK(read->runs == wanted);
  CHECK(to_hex(read->checksum_of(0)) == "a622ff2676a8");
  CHECK(to_hex(read->checksum_of(1)) == "50aed03c0a51");
  CHECK(render(*read) == page);
  // golden b, pg_data/global/2672 of the last incr.
  const auto other = from_hex("000602e075c7080400a622ff2676a81f0228f9034a4b47f2cdcd");
  read = parse_block_map(other, two_blocks());
  REQUIRE(read);
  wanted = {{.bundle_id = 2,
             .offset_bytes = 15072,
             .stored_bytes = 136,
             .plain_bytes = 16384,
             .reference = 0,
             .first_block = 0,
             .blocks = 1},
            {.bundle_id = 2,
             .offset_bytes = 40,
             .stored_bytes = 104,
             .plain_bytes = 8192,
             .reference = 3,
             .first_block = 0,
             .blocks = 1}};
  CHECK(read->runs == wanted);
  CHECK(render(*read) == other);
}

TEST_CASE("block map: whatever a chain of backups makes is read as it was meant") {
  test::for_all([] {
    const auto made = any_map();
    const auto text = render(made);
    RC_ASSERT(text.size() <= largest_block_map(made.shape));
    const auto read = parse_block_map(text, made.shape);
    RC_ASSERT(static_cast<bool>(read));
    RC_ASSERT(*read == made);
    RC_ASSERT(read->runs.size() * sizeof(block_run) + read->checksums.size() <=
              memory_of_block_map(text.size(), made.shape.checksum_bytes));
  });
}

TEST_CASE("block map: each truncation is refused, and so is more") {
  test::for_all(
      [] {
        const auto made = any_map();
        auto text = render(made);
        for (size_t length = 0; length < text.size(); ++length) {
          test::hostile(class_of_maps);
          const auto read = parse_block_map(byte_view(text).first(length), made.shape);
          RC_ASSERT(!read);
          RC_ASSERT(read.failure().code == errc::format);
        }
        test::hostile(class_of_maps);
        text.push_back(std::byte{0});
        RC_ASSERT(!parse_block_map(text, made.shape));
      },
      10);
}

TEST_CASE("block map: what is damaged is refused, or the map of a file of that size") {
  test::for_all(
      [] {
        const auto made = any_map();
        const auto text = render(made);
        for (size_t at = 0; at < text.size(); ++at) {
          test::hostile("random damage and noise");
          auto damaged = text;
          damaged[at] ^= static_cast<std::byte>(*between<int>(1, 255));
          const auto read = parse_block_map(damaged, made.shape);
          if (!read) {
            RC_ASSERT(read.failure().code == errc::format);
            continue;
          }
          uint64_t blocks = 0;
          for (const auto& run : read->runs) {
            RC_ASSERT(run.reference < made.shape.reference_count);
            RC_ASSERT(run.plain_bytes <= largest_super_block(made.shape.block_bytes));
            RC_ASSERT(run.stored_bytes <= largest_stored_super_block(run.plain_bytes));
            RC_ASSERT(run.offset_bytes < uint64_t{1} << 63);
            RC_ASSERT((uint64_t{run.first_block} + run.blocks - 1) * made.shape.block_bytes <
                      run.plain_bytes);
            blocks += run.blocks;
          }
          RC_ASSERT(blocks == made.shape.blocks());
          RC_ASSERT(read->checksums.size() == blocks * made.shape.checksum_bytes);
        }
      },
      20);
}

TEST_CASE("block map: hostile numbers are refused, and named") {
  const auto of = two_blocks();
  const std::string sums(12, 's');
  const auto with_sums = [&](std::initializer_list<uint64_t> all) {
    auto out = numbers(all);
    const auto more = as_bytes(sums);
    out.insert(out.end(), more.begin(), more.end());
    return out;
  };
  const auto ten = uint64_t{10};
  // The one that all others deviate from.
  CHECK(parse_block_map(
      with_sums({0, word(0, false, false, true), word(ten, false, true, true), 4}), of));
  is_refused(with_sums({1, word(0, false, false, true), word(ten, false, true, true), 4}), of,
             "version");
  is_refused(with_sums({0, word(4, false, false, true), word(ten, false, true, true), 4}), of,
             "names backup 4 of 4");
  is_refused(with_sums({0, word(UINT64_MAX >> 3, false, false, true), 0}), of, "of 4");
  is_refused(with_sums({0, word(0, true, false, true), UINT64_MAX, word(ten), 4}), of,
             "offset is too large");
  is_refused(with_sums({0, word(0, false, true, true), UINT64_MAX, word(ten), 4}), of,
             "bundle is too large");
  is_refused(with_sums({0, word(0, false, false, true), word(0, false, true, true), 4}), of,
             "stored size");
  is_refused(with_sums({0, word(0, false, false, true), word(40000, false, true, true), 4}), of,
             "stored size");
  is_refused(
      with_sums({0, word(0, false, false, true), word(UINT64_MAX >> 3, false, true, true), 4}), of,
      "stored size");
  is_refused(with_sums({0, word(0, false, false, true), word(ten, false, true, true), 0}), of,
             "size of a super block");
  is_refused(with_sums({0, word(0, false, false, true), word(ten, false, true, true), UINT64_MAX}),
             of, "size of a super block");
  is_refused(with_sums({0, word(0, false, false, true), word(ten, false, true, true), 5, 8192}), of,
             "rest of a super block");
  is_refused(with_sums({0, word(0, false, false, true), word(ten, false, true, true), 3, 8191}), of,
             "size of block 1");
  is_refused(with_sums({0, word(0, false, false, true), word(ten, true, true, true), 4, 3, 1}), of,
             "does not have");
  is_refused(with_sums({0, word(0, false, false, true), word(ten, true, true, true), 4, UINT64_MAX,
                        UINT64_MAX}),
             of, "does not have");
  is_refused(with_sums({0, word(0, false, false, true), word(ten, false, true, true), 6}), of,
             "more than 2 blocks");
  auto short_one = numbers({0, word(0, false, false, true), word(ten, false, false, true)});
  short_one.resize(short_one.size() + 6);
  is_refused(short_one, of, "1 of 2 blocks");
  short_one.pop_back();
  is_refused(short_one, of, "ends too early");
  is_refused(with_sums({0, word(0, false, false, true), word(ten, false, false, true)}), of,
             "behind its end");
  std::vector<std::byte> endless(30, std::byte{0xff});
  is_refused(endless, of, "a number is too large");
  is_refused(std::vector<std::byte>(largest_block_map(of) + 1), of, "too large for 2 blocks");
}

TEST_CASE("block map: places that overflow, and files that cannot have a map") {
  // Offsets add up over super blocks and gaps.
  auto of = two_blocks();
  auto text = numbers({0, word(0, true), (uint64_t{1} << 62) - 1, word(10, false, false, true)});
  text.insert(text.end(), 6, std::byte{});
  for (const auto one : {word(0, false, false, true), word(0, false, false, true)})
    put_varint(text, one);
  text.insert(text.end(), 6, std::byte{});
  is_refused(text, of, "offset is too large");
  for (const block_map_shape& odd :
       {block_map_shape{.file_bytes = 1, .block_bytes = 0},
        block_map_shape{.file_bytes = 1, .block_bytes = block, .checksum_bytes = 0},
        block_map_shape{.file_bytes = 1, .block_bytes = block, .checksum_bytes = 17},
        block_map_shape{.file_bytes = UINT64_MAX, .block_bytes = block}})
    is_refused(numbers({0, 1}), odd, "a file of such a size");
  is_refused(numbers({0, 1}), {.file_bytes = 0, .block_bytes = block, .reference_count = 1}, "");
}

TEST_CASE("numbers in groups of seven bits: any comes back, too long ones do not") {
  test::for_all([](int64_t number) {
    std::vector<std::byte> text;
    put_varint(text, static_cast<uint64_t>(number));
    RC_ASSERT(text.size() <= varint_bytes);
    byte_view left(text);
    RC_ASSERT(take_varint(left) == static_cast<uint64_t>(number));
    RC_ASSERT(left.empty());
    RC_ASSERT(from_zigzag(to_zigzag(number)) == number);
  });
  CHECK(to_zigzag(-1) == 1);
  CHECK(to_zigzag(1) == 2);
  CHECK(from_zigzag(63) == -32);
  auto most = from_hex("ffffffffffffffffff01");
  byte_view left(most);
  CHECK(take_varint(left) == UINT64_MAX);
  most.back() = std::byte{2};
  left = most;
  CHECK_FALSE(take_varint(left));
}

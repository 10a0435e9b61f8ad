// Blocks that another host judged and packed: the map is the one that this host would have made,
// and notes that cannot be are refused. Source of the notes: storage/wire/README.md.
// SPDX-License-Identifier: MIT
#include "engine/plan/block_notes.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/generators.hpp"

#include <doctest/doctest.h>

using namespace pgbraid;
using namespace pgbraid::plan;
using pgbraid::test::between;
using pgbraid::test::hostile;

namespace {

constexpr uint64_t block = 8192;
constexpr uint8_t sum_bytes = 6;
constexpr auto hostile_class = "requests and answers between hosts";

/// A file: what is in each block; the last one may be short.
struct content {
  std::vector<uint32_t> blocks = {};
  uint64_t last_bytes = block;

  uint64_t bytes_of(size_t i) const { return i + 1 < blocks.size() ? block : last_bytes; }
  uint64_t bytes() const { return blocks.empty() ? 0 : (blocks.size() - 1) * block + last_bytes; }
  std::vector<std::byte> sum_of(size_t i) const {
    std::vector<std::byte> out(16);
    const auto seen = blocks[i] * 8193 + bytes_of(i);
    for (size_t k = 0; k < 4; ++k)
      out[k] = static_cast<std::byte>(seen >> (8 * k));
    return out;
  }
};

/// Goes through a file as the kernel does. Stored sizes are made up of what is in a super block.
/// @returns stored bytes
template <class Judge>
uint64_t go_through(const content& file, uint64_t super_bytes, Judge& judge) {
  uint64_t pending = 0;
  uint64_t number = 0;
  uint64_t stored = 0;
  const auto pack = [&] {
    const auto size = pending / 3 + 7 + number++ % 5;
    judge.packed(pending, size);
    stored += size;
    pending = 0;
  };
  for (size_t i = 0; i < file.blocks.size(); ++i) {
    if (judge.takes(file.sum_of(i), file.bytes_of(i)))
      pending += file.bytes_of(i);
    if (pending == super_bytes)
      pack();
  }
  if (pending > 0)
    pack();
  return stored;
}

/// The other host.
struct there {
  block_noter noter;
  bool takes(byte_view sum, uint64_t) { return noter.takes(sum); }
  void packed(uint64_t, uint64_t stored_bytes) { noter.packed(stored_bytes); }
};

content any_content() {
  content out;
  out.blocks.resize(*between<size_t>(0, 40));
  for (auto& one : out.blocks)
    one = *between<uint32_t>(0, 3);
  if (!out.blocks.empty())
    out.last_bytes = *between<uint64_t>(1, block);
  return out;
}

content changed(const content& before) {
  auto out = before;
  if (*between<int>(0, 2) == 0)
    out = any_content();
  for (auto& one : out.blocks)
    if (*between<int>(0, 4) == 0)
      one = *between<uint32_t>(0, 1000);
  return out;
}

std::optional<format::block_map> map_of(const content& file) {
  if (file.blocks.empty())
    return {};
  block_delta out(block, sum_bytes, 0, {});
  go_through(file, 4 * block, out);
  return out.take_map();
}

/// What is noted of a file, and of which size it came.
struct noted {
  std::vector<std::byte> notes;
  noted_file of;
};

noted note(const content& file, uint64_t super_bytes, byte_view prior) {
  there other{block_noter(sum_bytes, {prior.begin(), prior.end()}, UINT64_MAX)};
  const auto stored = go_through(file, super_bytes, other);
  CHECK_FALSE(other.noter.is_full());
  return {other.noter.take_notes(), {file.bytes(), super_bytes, stored}};
}

error refused(byte_view notes, const noted_file& of, std::optional<format::block_map> prior) {
  hostile(hostile_class);
  block_delta into(block, sum_bytes, 1, std::move(prior));
  const auto followed = follow_notes(notes, of, into);
  REQUIRE_FALSE(followed);
  CHECK(followed.failure().code == errc::protocol);
  return followed.failure();
}

} // namespace

TEST_CASE("block notes: whoever follows them has the map of one who packed by himself") {
  test::for_all([] {
    const auto before = any_content();
    const auto file = changed(before);
    const auto super_bytes = *between<uint64_t>(1, 5) * block;
    block_delta here(block, sum_bytes, 1, map_of(before));
    const auto stored = go_through(file, super_bytes, here);

    block_delta followed(block, sum_bytes, 1, map_of(before));
    // Those behind the end of the file are not sent.
    auto prior = followed.prior_checksums();
    if (*between<int>(0, 1) == 0)
      prior = prior.first(std::min(prior.size(), file.blocks.size() * sum_bytes));
    const auto told = note(file, super_bytes, prior);
    RC_ASSERT(told.of.stored_bytes == stored);
    RC_ASSERT(told.notes.size() <= largest_block_notes(file.blocks.size(), sum_bytes));
    RC_ASSERT(static_cast<bool>(follow_notes(told.notes, told.of, followed)));
    RC_ASSERT(followed.is_unchanged() == here.is_unchanged());
    RC_ASSERT(followed.take_map() == here.take_map());
  });
}

TEST_CASE("block notes: one that knows only some of the prior checksums is not believed") {
  const content file{.blocks = {1, 2, 3}};
  auto prior = map_of(file);
  const auto sums = byte_view(prior->checksums).first(2 * sum_bytes);
  const auto told = note(file, block, sums); // takes the third one, which is as before
  CHECK(refused(told.notes, told.of, prior).message.find("as before") != std::string::npos);
}

TEST_CASE("block notes: a changed bit or size, more, or less, is refused") {
  const content before{.blocks = {1, 2, 3, 4, 5}};
  const content file{.blocks = {1, 9, 3, 8, 5, 6}, .last_bytes = 100};
  const auto prior = map_of(before);
  const auto told = note(file, 2 * block, byte_view(prior->checksums));
  // One byte of bits, three checksums, the sizes of two super blocks: blocks 1, 3 and 5.
  REQUIRE(told.notes.size() > 1 + 3 * sum_bytes + 2);
  CHECK(told.notes[0] == std::byte{0b101010});
  for (size_t length = 0; length < told.notes.size(); ++length)
    refused(byte_view(told.notes).first(length), told.of, prior);
  for (int bit = 0; bit < 8; ++bit) {
    CAPTURE(bit);
    auto other = told.notes;
    other[0] ^= std::byte{1} << bit;
    refused(other, told.of, prior);
  }
  for (size_t at = 1 + 3 * sum_bytes; at < told.notes.size(); ++at) {
    auto other = told.notes;
    other[at] ^= std::byte{1};
    refused(other, told.of, prior);
  }
  auto more = told.notes;
  more.push_back(std::byte{1});
  refused(more, told.of, prior);
  for (const uint64_t bytes : {uint64_t{0}, told.of.file_bytes + 1 + block, 4 * told.of.file_bytes,
                               UINT64_MAX - 1, UINT64_MAX}) {
    CAPTURE(bytes);
    auto of = told.of;
    of.file_bytes = bytes;
    refused(told.notes, of, prior);
  }
  auto less = told.of;
  --less.stored_bytes;
  refused(told.notes, less, prior);
  // The checksum of a block that is said to be another one, but is as before.
  auto same = told.notes;
  std::copy_n(prior->checksum_of(1).begin(), sum_bytes, same.begin() + 1);
  refused(same, told.of, prior);
  // Without a prior backup nothing can be as before.
  refused(told.notes, told.of, {});
}

TEST_CASE("block notes: no super block is smaller than a byte or larger than any codec makes it") {
  const content file{.blocks = {1}};
  for (const uint64_t size : {uint64_t{0}, format::largest_stored_super_block(block) + 1}) {
    block_noter noter(sum_bytes, {}, UINT64_MAX);
    CHECK(noter.takes(file.sum_of(0)));
    noter.packed(size);
    refused(noter.take_notes(), {block, block, size}, {});
  }
}

TEST_CASE("block notes: anything instead of them is refused or followed, and never more") {
  test::for_all([] {
    const auto before = any_content();
    const auto file = changed(before);
    auto prior = map_of(before);
    const auto sums = prior ? prior->checksums : std::vector<std::byte>();
    auto told = note(file, 2 * block, sums);
    for (auto left = *between<int>(1, 4); left > 0 && !told.notes.empty(); --left)
      told.notes[*between<size_t>(0, told.notes.size() - 1)] =
          static_cast<std::byte>(*between<int>(0, 255));
    hostile(hostile_class);
    block_delta into(block, sum_bytes, 1, std::move(prior));
    if (!follow_notes(told.notes, told.of, into))
      return;
    // Checksums may be others; where things lie is what came.
    auto map = into.take_map();
    RC_ASSERT(map.shape.file_bytes == file.bytes());
    uint64_t end = 0;
    for (const auto& run : map.runs)
      if (run.reference == 1)
        end = std::max(end, run.offset_bytes + run.stored_bytes);
    RC_ASSERT(end == told.of.stored_bytes);
  });
}

TEST_CASE("block notes: a noter keeps to its memory") {
  constexpr uint64_t blocks = 100;
  block_noter noter(sum_bytes, {}, memory_of_block_notes(blocks, sum_bytes));
  const content file{.blocks = std::vector<uint32_t>(blocks + 1, 7)};
  for (size_t i = 0; i < blocks; ++i)
    CHECK(noter.takes(file.sum_of(i)));
  CHECK_FALSE(noter.is_full());
  CHECK_FALSE(noter.takes(file.sum_of(blocks)));
  CHECK(noter.is_full());
}

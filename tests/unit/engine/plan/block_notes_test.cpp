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

/// The other host, which sends what it noted now and then.
struct there {
  block_noter noter;
  std::vector<std::byte> notes = {};
  size_t calls = 0;
  bool takes(byte_view sum, uint64_t) {
    if (++calls % 7 == 0) {
      const auto some = noter.take_notes();
      notes.insert(notes.end(), some.begin(), some.end());
    }
    return noter.takes(sum);
  }
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
  there other{block_noter(sum_bytes, {prior.begin(), prior.end()})};
  const auto stored = go_through(file, super_bytes, other);
  auto notes = std::move(other.notes);
  const auto rest = other.noter.take_notes();
  notes.insert(notes.end(), rest.begin(), rest.end());
  return {std::move(notes), {file.bytes(), super_bytes, stored}};
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
  // One kept, one taken, one kept, one taken, packed, one kept, one taken, packed.
  constexpr size_t notes = 8;
  REQUIRE(told.notes.size() > notes + 3 * sum_bytes);
  CHECK(told.notes[0] == std::byte{1 << 2 | 0});
  CHECK(told.notes[1] == std::byte{1 << 2 | 1});
  for (size_t length = 0; length < told.notes.size(); ++length)
    refused(byte_view(told.notes).first(length), told.of, prior);
  const auto is_sum = [](size_t at) {
    return (at >= 2 && at < 2 + sum_bytes) || (at >= 4 + sum_bytes && at < 4 + 2 * sum_bytes);
  };
  for (size_t at = 0; at < 4 + 2 * sum_bytes; ++at)
    for (int bit = 0; bit < 8 && !is_sum(at); ++bit) {
      CAPTURE(at);
      CAPTURE(bit);
      auto other = told.notes;
      other[at] ^= std::byte{1} << bit;
      refused(other, told.of, prior);
    }
  auto size = told.notes;
  size.back() ^= std::byte{1};
  refused(size, told.of, prior);
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
  std::copy_n(prior->checksum_of(1).begin(), sum_bytes, same.begin() + 2);
  refused(same, told.of, prior);
  // Without a prior backup nothing can be as before.
  refused(told.notes, told.of, {});
}

TEST_CASE("block notes: no super block is smaller than a byte or larger than any codec makes it") {
  const content file{.blocks = {1}};
  for (const uint64_t size : {uint64_t{0}, format::largest_stored_super_block(block) + 1}) {
    block_noter noter(sum_bytes, {});
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

TEST_CASE("block notes: a file in which little changed has few of them") {
  content file{.blocks = std::vector<uint32_t>(100000, 7)};
  const auto prior = map_of(file);
  CHECK(note(file, 32 * block, prior->checksums).notes.size() < 50000); // taken every 7 blocks
  block_noter noter(sum_bytes, prior->checksums);
  for (size_t i = 0; i < file.blocks.size(); ++i)
    CHECK_FALSE(noter.takes(file.sum_of(i)));
  CHECK(noter.take_notes().size() == 3);
}

TEST_CASE("block notes: a super block that is not full, is too full, or is none") {
  // Notes are numbers: so many blocks << 2, or so many bytes << 2 | 2.
  const content file{.blocks = {1, 2, 3}};
  const auto taken = [&](std::initializer_list<size_t> blocks) {
    std::vector<std::byte> out{static_cast<std::byte>(blocks.size() << 2 | 1)};
    for (const auto i : blocks) {
      const auto sum = file.sum_of(i);
      out.insert(out.end(), sum.begin(), sum.begin() + sum_bytes);
    }
    return out;
  };
  const auto joined = [](std::initializer_list<std::vector<std::byte>> parts) {
    std::vector<std::byte> out;
    for (const auto& one : parts)
      out.insert(out.end(), one.begin(), one.end());
    return out;
  };
  const std::vector<std::byte> packed{std::byte{20 << 2 | 2}};
  const noted_file of{3 * block, 2 * block, 40};
  block_delta good(block, sum_bytes, 1, {});
  CHECK(follow_notes(joined({taken({0, 1}), packed, taken({2}), packed}), of, good));
  for (const auto& notes : {joined({taken({0}), packed, taken({1, 2}), packed}), // not full
                            joined({taken({0, 1, 2}), packed, packed}),          // too full
                            joined({taken({0, 1}), packed, packed, taken({2})}), // none
                            joined({packed, taken({0, 1}), taken({2}), packed}),
                            joined({taken({0, 1}), packed, taken({2})}),
                            joined({taken({0, 1}), packed, taken({2}), packed, {std::byte{3}}}),
                            joined({{std::byte{0}}, taken({0, 1}), packed, taken({2}), packed})})
    refused(notes, of, {});
}

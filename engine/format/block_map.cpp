// Block maps, read and written.
// SPDX-License-Identifier: MIT
#include "engine/format/block_map.hpp"

#include "engine/format/varint.hpp"

#include <algorithm>
#include <cassert>
#include <limits>
#include <optional>
#include <string>

namespace pgbraid::format {

namespace {

constexpr uint64_t place_limit = uint64_t{1} << 62;
constexpr uint64_t peer_super_block_limit = uint64_t{16} << 20;
constexpr size_t checksum_limit = 16;

// Bits of a group.
constexpr uint64_t group_last = 1;
constexpr uint64_t group_bundle = 2;   // of the first group of a backup
constexpr uint64_t group_offset = 4;   // of the first group of a backup
constexpr uint64_t group_continue = 2; // of a later one
constexpr uint64_t group_gap = 4;      // of a later one that begins a new super block
constexpr uint64_t group_single = 4;   // of a later one that goes on: its first is its last
constexpr unsigned group_shift = 3;

// Bits of a super block.
constexpr uint64_t super_last = 1;
constexpr uint64_t super_change = 2;
constexpr uint64_t super_partial = 4;
constexpr unsigned super_shift = 3;

/// Where a backup was left, for what comes of it next.
struct place {
  bool known = false;
  block_run at = {};
};

error broken(const std::string& why) {
  return {errc::format, "block map is invalid: " + why};
}

/// Goes through a map and hands each run, with its checksums, to a taker.
template <class Taker> class walker {
public:
  walker(byte_view text, const block_map_shape& of, Taker taker)
      : text_(text), of_(of), taker_(std::move(taker)) {}

  result<void> walk() {
    if (number() != 0)
      return failure_ ? *failure_ : broken("version is unknown");
    for (bool last = false; !last && !failure_;)
      last = group();
    if (!failure_ && !text_.empty())
      fail("there is something behind its end");
    if (!failure_ && listed_ != of_.blocks())
      fail("it has " + std::to_string(listed_) + " of " + std::to_string(of_.blocks()) + " blocks");
    return failure_ ? result<void>(*failure_) : success();
  }

private:
  void fail(const std::string& why) {
    if (!failure_)
      failure_ = broken(why);
  }

  uint64_t number() {
    const auto value = take_varint(text_);
    if (!value)
      fail(text_.size() < varint_bytes ? "it ends too early" : "a number is too large");
    return value.value_or(0);
  }

  uint64_t number_below(uint64_t limit, const char* what) {
    const auto value = number();
    if (value >= limit)
      fail(std::string(what) + " is too large");
    return failure_ ? 0 : value;
  }

  bool group() {
    const auto word = number();
    const auto reference = word >> group_shift;
    if (reference >= of_.reference_count)
      fail("it names backup " + std::to_string(reference) + " of " +
           std::to_string(of_.reference_count));
    if (failure_)
      return true;
    if (reference >= places_.size())
      places_.resize(reference + 1);
    auto& from = places_[reference];
    bool last = false;
    bool goes_on = false;
    if (!from.known) {
      from.known = true;
      from.at = {.bundle_id = (word & group_bundle) != 0 ? number_below(place_limit, "bundle") : 0,
                 .offset_bytes =
                     (word & group_offset) != 0 ? number_below(place_limit, "offset") : 0,
                 .plain_bytes = of_.block_bytes,
                 .reference = static_cast<uint32_t>(reference)};
    } else if ((word & group_continue) != 0) {
      goes_on = true;
      last = (word & group_single) != 0;
      last_stored_bytes_ = from.at.stored_bytes;
      partial(from.at);
    } else {
      next_super_block(from.at, (word & group_gap) != 0 ? number_below(place_limit, "gap") : 0);
    }
    // Within a group each lies right behind the one before.
    for (; !last && !failure_; goes_on = true) {
      if (goes_on)
        next_super_block(from.at, 0);
      last = super_block(from.at);
    }
    return (word & group_last) != 0;
  }

  void next_super_block(block_run& at, uint64_t gap_bytes) {
    at.offset_bytes += at.stored_bytes + gap_bytes;
    at.stored_bytes = at.first_block = at.blocks = 0;
    if (at.offset_bytes >= place_limit)
      fail("offset is too large");
  }

  bool super_block(block_run& at) {
    const auto word = number();
    const auto size = word >> super_shift;
    at.stored_bytes = first_stored_ ? size : last_stored_bytes_ + from_zigzag(size);
    first_stored_ = false;
    last_stored_bytes_ = at.stored_bytes;
    if ((word & super_change) != 0)
      change_size(at);
    if (!failure_ &&
        (at.stored_bytes == 0 || at.stored_bytes > largest_stored_super_block(at.plain_bytes)))
      fail("stored size of a super block is not possible");
    at.first_block = at.blocks = 0;
    if ((word & super_partial) != 0)
      partial(at);
    else
      take(at, 0, blocks_in(at));
    return (word & super_last) != 0;
  }

  void change_size(block_run& at) {
    const auto word = number();
    const auto most = largest_super_block(of_.block_bytes);
    const auto blocks = word >> 1;
    if (blocks > most / of_.block_bytes)
      return fail("size of a super block is not possible");
    at.plain_bytes = blocks * of_.block_bytes;
    if ((word & 1) != 0)
      at.plain_bytes += number_below(of_.block_bytes, "rest of a super block");
    if (!failure_ && (at.plain_bytes == 0 || at.plain_bytes > most))
      fail("size of a super block is not possible");
  }

  uint64_t blocks_in(const block_run& at) const {
    return at.plain_bytes / of_.block_bytes + (at.plain_bytes % of_.block_bytes == 0 ? 0 : 1);
  }

  /// Some blocks of a super block, from where one was.
  void partial(block_run& at) {
    const auto word = number();
    const auto skip = (word & 1) != 0 ? number() : 0;
    take(at, skip, (word >> 1) + 1);
  }

  void take(block_run& at, uint64_t skip, uint64_t count) {
    const uint64_t before = uint64_t{at.first_block} + at.blocks;
    const auto all = blocks_in(at);
    if (failure_)
      return;
    if (before > all || skip > all - before || count > all - before - skip)
      return fail("it names blocks that a super block does not have");
    if (count > of_.blocks() - listed_)
      return fail("it has more than " + std::to_string(of_.blocks()) + " blocks");
    if (count * of_.checksum_bytes > text_.size())
      return fail("it ends too early");
    at.first_block = static_cast<uint32_t>(before + skip);
    at.blocks = static_cast<uint32_t>(count);
    // Only the last block of a file may be short, and only the last of a super block is.
    const auto last = at.first_block + count - 1;
    const auto bytes = std::min(of_.block_bytes, at.plain_bytes - last * of_.block_bytes);
    listed_ += count;
    if (bytes != of_.bytes_of(listed_ - 1))
      return fail("size of block " + std::to_string(listed_ - 1) + " is not that of the file");
    taker_(at, text_.first(count * of_.checksum_bytes));
    text_ = text_.subspan(count * of_.checksum_bytes);
  }

  byte_view text_;
  const block_map_shape& of_;
  Taker taker_;
  std::vector<place> places_;
  std::optional<error> failure_;
  uint64_t listed_ = 0;
  uint64_t last_stored_bytes_ = 0;
  bool first_stored_ = true;
};

template <class Taker> result<void> walk(byte_view text, const block_map_shape& of, Taker taker) {
  return walker<Taker>(text, of, std::move(taker)).walk();
}

/// Writes runs one after the other.
class writer {
public:
  explicit writer(const block_map& of) : of_(of) { out_.push_back(std::byte{0}); }

  std::vector<std::byte> write() {
    for (size_t first = 0; first < of_.runs.size();) {
      const auto end = end_of_group(first);
      group(first, end);
      first = end;
    }
    return std::move(out_);
  }

private:
  /// A group is what one backup has without a gap.
  size_t end_of_group(size_t first) const {
    const auto& runs = of_.runs;
    auto end = first + 1;
    while (end < runs.size() && runs[end].reference == runs[first].reference &&
           runs[end].offset_bytes == runs[end - 1].offset_bytes + runs[end - 1].stored_bytes)
      ++end;
    return end;
  }

  place& place_of(uint32_t reference) {
    if (places_.size() <= reference)
      places_.resize(reference + 1);
    return places_[reference];
  }

  void group(size_t first, size_t end) {
    const auto& run = of_.runs[first];
    auto& from = place_of(run.reference);
    const uint64_t word =
        uint64_t{run.reference} << group_shift | (end == of_.runs.size() ? group_last : 0);
    if (!from.known) {
      put(word | (run.bundle_id != 0 ? group_bundle : 0) |
          (run.offset_bytes != 0 ? group_offset : 0));
      put_unless_zero(run.bundle_id);
      put_unless_zero(run.offset_bytes);
      from = {.known = true, .at = {.plain_bytes = of_.shape.block_bytes}};
    } else if (from.at.offset_bytes == run.offset_bytes) {
      put(word | group_continue | (end == first + 1 ? group_single : 0));
      partial(from.at, run);
      last_stored_bytes_ = run.stored_bytes;
      sums(run);
      from.at = run;
      ++first;
    } else {
      const auto expected = from.at.offset_bytes + from.at.stored_bytes;
      assert(run.offset_bytes >= expected);
      const auto gap = run.offset_bytes - expected;
      put(word | (gap != 0 ? group_gap : 0));
      put_unless_zero(gap);
    }
    for (; first < end; ++first)
      super_block(from.at, of_.runs[first], first + 1 == end);
  }

  void super_block(block_run& from, const block_run& run, bool last) {
    const auto block = of_.shape.block_bytes;
    const auto all = run.plain_bytes / block + (run.plain_bytes % block == 0 ? 0 : 1);
    const bool change = run.plain_bytes != from.plain_bytes;
    const bool some = run.blocks != all;
    const auto size = first_stored_ ? run.stored_bytes
                                    : to_zigzag(static_cast<int64_t>(run.stored_bytes) -
                                                static_cast<int64_t>(last_stored_bytes_));
    put(size << super_shift | (some ? super_partial : 0) | (change ? super_change : 0) |
        (last ? super_last : 0));
    first_stored_ = false;
    last_stored_bytes_ = run.stored_bytes;
    if (change) {
      const auto rest = run.plain_bytes % block;
      put(run.plain_bytes / block << 1 | (rest != 0 ? 1 : 0));
      put_unless_zero(rest);
    }
    from.first_block = from.blocks = 0;
    if (some)
      partial(from, run);
    sums(run);
    from = run;
  }

  void partial(const block_run& from, const block_run& run) {
    const auto skip = run.first_block - from.first_block - from.blocks;
    put(uint64_t{run.blocks - 1} << 1 | (skip != 0 ? 1 : 0));
    put_unless_zero(skip);
  }

  void sums(const block_run& run) {
    const auto bytes = size_t{run.blocks} * of_.shape.checksum_bytes;
    const auto from = of_.checksums.begin() + static_cast<ptrdiff_t>(sums_);
    out_.insert(out_.end(), from, from + static_cast<ptrdiff_t>(bytes));
    sums_ += bytes;
  }

  void put(uint64_t value) { put_varint(out_, value); }
  void put_unless_zero(uint64_t value) {
    if (value != 0)
      put(value);
  }

  const block_map& of_;
  std::vector<std::byte> out_;
  std::vector<place> places_;
  size_t sums_ = 0;
  uint64_t last_stored_bytes_ = 0;
  bool first_stored_ = true;
};

} // namespace

void block_map::append(const block_run& next, byte_view sums) {
  assert(sums.size() == size_t{next.blocks} * shape.checksum_bytes);
  if (!runs.empty() && runs.back().shares_super_block(next) &&
      runs.back().first_block + runs.back().blocks == next.first_block)
    runs.back().blocks += next.blocks;
  else
    runs.push_back(next);
  checksums.insert(checksums.end(), sums.begin(), sums.end());
}

uint64_t largest_super_block(uint64_t block_bytes) {
  return (peer_super_block_limit + block_bytes - 1) / block_bytes * block_bytes;
}

// No codec adds as much as an eighth, and a container has few bytes of its own.
uint64_t largest_stored_super_block(uint64_t plain_bytes) {
  return plain_bytes + plain_bytes / 8 + 4096;
}

// A group and a super block with all their numbers for each block.
uint64_t largest_block_map(const block_map_shape& of) {
  return 1 + of.blocks() * (8 * varint_bytes + of.checksum_bytes);
}

// A run takes a number and a checksum at least.
uint64_t memory_of_block_map(uint64_t map_bytes, uint8_t checksum_bytes) {
  return map_bytes / (1 + uint64_t{checksum_bytes}) * sizeof(block_run) + map_bytes;
}

result<block_map> parse_block_map(byte_view text, const block_map_shape& of) {
  if (of.block_bytes == 0 || of.checksum_bytes == 0 || of.checksum_bytes > checksum_limit ||
      of.blocks() > std::numeric_limits<uint32_t>::max() ||
      of.reference_count > std::numeric_limits<uint32_t>::max())
    return broken("a file of such a size has none");
  if (text.size() > largest_block_map(of))
    return broken("it is too large for " + std::to_string(of.blocks()) + " blocks");
  // Once to count, so that no more memory is taken than it needs.
  size_t runs = 0;
  if (auto counted = walk(text, of, [&](const block_run&, byte_view) { ++runs; }); !counted)
    return counted.failure();
  block_map out{.shape = of};
  out.runs.reserve(runs);
  out.checksums.reserve(of.blocks() * of.checksum_bytes);
  if (auto read =
          walk(text, of, [&](const block_run& at, byte_view sums) { out.append(at, sums); });
      !read)
    return read.failure();
  return out;
}

std::vector<std::byte> render(const block_map& of) {
  return writer(of).write();
}

} // namespace pgbraid::format

// Noting what became of blocks, and following such notes.
// SPDX-License-Identifier: MIT
#include "engine/plan/block_notes.hpp"

#include "engine/format/varint.hpp"

#include <algorithm>
#include <utility>

namespace pgbraid::plan {

namespace {

constexpr uint64_t bits_per_byte = 8;

uint64_t bit_bytes(uint64_t blocks) {
  return blocks / bits_per_byte + (blocks % bits_per_byte == 0 ? 0 : 1);
}

std::byte bit_of(uint64_t block) {
  return std::byte{1} << static_cast<int>(block % bits_per_byte);
}

/// Of each block: its checksum in the prior backup and here, its bit, a super block of its own.
/// Three times what is noted, while it grows.
uint64_t bytes_per_block(uint8_t checksum_bytes) {
  return checksum_bytes + 3 * (1 + uint64_t{checksum_bytes} + format::varint_bytes);
}

error impossible(const char* why) {
  return {errc::protocol, std::string("the other host told of blocks that cannot be: ") + why};
}

class follower {
public:
  follower(byte_view notes, const noted_file& of, block_delta& into)
      : left_(notes), of_(of), into_(into), shape_(into.shape()) {
    shape_.file_bytes = of.file_bytes;
  }

  result<void> follow() {
    const auto blocks = shape_.blocks();
    if (bit_bytes(blocks) > left_.size())
      return impossible("of fewer than the file has");
    const auto bits = left_.first(bit_bytes(blocks));
    left_ = left_.subspan(bits.size());
    if (blocks % bits_per_byte != 0 &&
        (bits.back() >> static_cast<int>(blocks % bits_per_byte)) != std::byte{0})
      return impossible("of more than the file has");
    uint64_t taken = 0;
    for (uint64_t block = 0; block < blocks; ++block)
      taken += (bits[block / bits_per_byte] & bit_of(block)) != std::byte{0} ? 1 : 0;
    if (taken > left_.size() / shape_.checksum_bytes)
      return impossible("without their checksums");
    sums_ = left_.first(taken * shape_.checksum_bytes);
    left_ = left_.subspan(sums_.size());
    for (uint64_t block = 0; block < blocks; ++block)
      if (auto judged = judge(block, (bits[block / bits_per_byte] & bit_of(block)) != std::byte{0});
          !judged)
        return judged;
    if (pending_bytes_ > 0)
      if (auto packed = pack(); !packed)
        return packed;
    if (!left_.empty())
      return impossible("of more super blocks than there are");
    return stored_bytes_ == of_.stored_bytes ? success()
                                             : result<void>(impossible("of other sizes than came"));
  }

private:
  result<void> judge(uint64_t block, bool taken) {
    const auto bytes = shape_.bytes_of(block);
    const auto prior = into_.prior_checksums();
    const auto at = block * shape_.checksum_bytes;
    if (!taken && at >= prior.size())
      return impossible("as before where there were none");
    const auto sum =
        taken ? sums_.first(shape_.checksum_bytes) : prior.subspan(at, shape_.checksum_bytes);
    if (into_.takes(sum, bytes) != taken)
      return impossible("changed where they are as before");
    if (!taken)
      return success();
    sums_ = sums_.subspan(sum.size());
    pending_bytes_ += bytes;
    return pending_bytes_ < of_.super_bytes ? success() : pack();
  }

  result<void> pack() {
    const auto size = format::take_varint(left_);
    if (!size)
      return impossible("in fewer super blocks than there must be");
    if (*size == 0 || *size > format::largest_stored_super_block(pending_bytes_))
      return impossible("in super blocks of impossible sizes");
    into_.packed(pending_bytes_, *size);
    stored_bytes_ += *size;
    pending_bytes_ = 0;
    return success();
  }

  byte_view left_;
  const noted_file& of_;
  block_delta& into_;
  format::block_map_shape shape_;
  byte_view sums_;
  uint64_t pending_bytes_ = 0;
  uint64_t stored_bytes_ = 0;
};

} // namespace

block_noter::block_noter(uint8_t checksum_bytes, std::vector<std::byte> prior,
                         uint64_t memory_limit_bytes)
    : checksum_bytes_(checksum_bytes), prior_(std::move(prior)),
      blocks_limit_(memory_limit_bytes / bytes_per_block(checksum_bytes)) {}

bool block_noter::takes(byte_view sum) {
  full_ = full_ || blocks_ == blocks_limit_;
  if (full_)
    return false;
  const auto own = sum.first(checksum_bytes_);
  const auto at = blocks_ * checksum_bytes_;
  const bool known =
      at < prior_.size() && std::ranges::equal(own, byte_view(prior_).subspan(at, checksum_bytes_));
  if (blocks_ % bits_per_byte == 0)
    taken_.push_back(std::byte{0});
  if (!known) {
    taken_.back() |= bit_of(blocks_);
    sums_.insert(sums_.end(), own.begin(), own.end());
  }
  ++blocks_;
  return !known;
}

void block_noter::packed(uint64_t stored_bytes) {
  format::put_varint(sizes_, stored_bytes);
}

std::vector<std::byte> block_noter::take_notes() {
  prior_ = {};
  auto out = std::move(taken_);
  out.insert(out.end(), sums_.begin(), sums_.end());
  sums_ = {};
  out.insert(out.end(), sizes_.begin(), sizes_.end());
  sizes_ = {};
  return out;
}

result<void> follow_notes(byte_view notes, const noted_file& of, block_delta& into) {
  return follower(notes, of, into).follow();
}

uint64_t largest_block_notes(uint64_t blocks, uint8_t checksum_bytes) {
  return bit_bytes(blocks) + blocks * (checksum_bytes + format::varint_bytes);
}

uint64_t memory_of_block_notes(uint64_t blocks, uint8_t checksum_bytes) {
  return blocks * bytes_per_block(checksum_bytes);
}

} // namespace pgbraid::plan

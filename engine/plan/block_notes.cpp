// Noting what becomes of blocks, and following such notes.
// SPDX-License-Identifier: MIT
#include "engine/plan/block_notes.hpp"

#include "engine/format/varint.hpp"

#include <algorithm>
#include <utility>

namespace pgbraid::plan {

namespace {

// A note is a number: its lowest bits say of what, the rest how many, or how large.
constexpr uint64_t note_kept = 0;   ///< so many blocks are as before
constexpr uint64_t note_taken = 1;  ///< so many were taken; their checksums follow
constexpr uint64_t note_packed = 2; ///< the super block of what was taken, stored in so many bytes
constexpr unsigned note_shift = 2;
constexpr uint64_t note_mask = 3;

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
    while (!left_.empty()) {
      const auto word = format::take_varint(left_);
      if (!word)
        return impossible("a number has no end");
      if (auto followed = note(*word & note_mask, *word >> note_shift); !followed)
        return followed;
    }
    if (done_ != shape_.blocks())
      return impossible("of fewer than the file has");
    if (pending_bytes_ > 0)
      return impossible("without their super block");
    return stored_bytes_ == of_.stored_bytes ? success()
                                             : result<void>(impossible("of other sizes than came"));
  }

private:
  result<void> note(uint64_t what, uint64_t value) {
    if (what == note_packed)
      return pack(value);
    if (what != note_kept && what != note_taken)
      return impossible("a note of nothing");
    if (value == 0 || value > shape_.blocks() - done_)
      return impossible("of more than the file has");
    if (what == note_taken && value > left_.size() / shape_.checksum_bytes)
      return impossible("without their checksums");
    for (; value > 0; --value)
      if (auto judged = what == note_taken ? take() : keep(); !judged)
        return judged;
    return success();
  }

  result<void> keep() {
    const auto prior = into_.prior_checksums();
    const auto at = done_ * shape_.checksum_bytes;
    if (at >= prior.size())
      return impossible("as before where there were none");
    if (pending_bytes_ == of_.super_bytes)
      return impossible("behind a full super block");
    into_.takes(prior.subspan(at, shape_.checksum_bytes), shape_.bytes_of(done_));
    ++done_;
    return success();
  }

  result<void> take() {
    const auto sum = left_.first(shape_.checksum_bytes);
    left_ = left_.subspan(sum.size());
    if (pending_bytes_ == of_.super_bytes)
      return impossible("behind a full super block");
    if (!into_.takes(sum, shape_.bytes_of(done_)))
      return impossible("changed where they are as before");
    pending_bytes_ += shape_.bytes_of(done_++);
    return success();
  }

  /// A super block ends when it is full, or with the file.
  result<void> pack(uint64_t stored_bytes) {
    const bool ends = done_ == shape_.blocks() || pending_bytes_ == of_.super_bytes;
    if (pending_bytes_ == 0 || !ends)
      return impossible("in a super block that is not full");
    if (stored_bytes == 0 || stored_bytes > format::largest_stored_super_block(pending_bytes_))
      return impossible("in super blocks of impossible sizes");
    into_.packed(pending_bytes_, stored_bytes);
    stored_bytes_ += stored_bytes;
    pending_bytes_ = 0;
    return success();
  }

  byte_view left_;
  const noted_file& of_;
  block_delta& into_;
  format::block_map_shape shape_;
  uint64_t done_ = 0; ///< blocks
  uint64_t pending_bytes_ = 0;
  uint64_t stored_bytes_ = 0;
};

} // namespace

bool block_noter::takes(byte_view sum) {
  const auto own = sum.first(checksum_bytes_);
  const auto at = blocks_++ * checksum_bytes_;
  const bool known =
      at < prior_.size() && std::ranges::equal(own, byte_view(prior_).subspan(at, checksum_bytes_));
  if (run_taken_ == known)
    end_run();
  run_taken_ = !known;
  ++run_;
  if (!known)
    sums_.insert(sums_.end(), own.begin(), own.end());
  return !known;
}

void block_noter::packed(uint64_t stored_bytes) {
  end_run();
  format::put_varint(notes_, stored_bytes << note_shift | note_packed);
}

void block_noter::end_run() {
  if (run_ == 0)
    return;
  format::put_varint(notes_, run_ << note_shift | (run_taken_ ? note_taken : note_kept));
  notes_.insert(notes_.end(), sums_.begin(), sums_.end());
  sums_.clear();
  run_ = 0;
}

std::vector<std::byte> block_noter::take_notes() {
  end_run();
  return std::exchange(notes_, {});
}

result<void> follow_notes(byte_view notes, const noted_file& of, block_delta& into) {
  return follower(notes, of, into).follow();
}

// A run and a super block of its own for each block.
uint64_t largest_block_notes(uint64_t blocks, uint8_t checksum_bytes) {
  return blocks * (checksum_bytes + 2 * format::varint_bytes);
}

// A vector that grows.
uint64_t memory_of_block_notes(uint64_t blocks, uint8_t checksum_bytes) {
  return 3 * largest_block_notes(blocks, checksum_bytes);
}

} // namespace pgbraid::plan

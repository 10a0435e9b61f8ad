// Cutting into blocks, and packing what is taken of them.
// SPDX-License-Identifier: MIT
#include "engine/codec/block_pack.hpp"

#include "engine/codec/aes.hpp"
#include "engine/codec/step_pair.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>
#include <vector>

namespace pgbraid::codec {

namespace {

constexpr uint64_t usual_block_bytes = 8192;
constexpr uint64_t usual_super_bytes = uint64_t{1} << 20;

class takes_all final : public block_judge {
public:
  bool takes(const block_sum&, uint64_t) override { return true; }
  void packed(uint64_t, uint64_t) override {}
};

} // namespace

struct block_pack_kernel::packing final : stream {
  packing(block_cut cut, kernel* compress, kernel* encrypt)
      : how(std::move(cut)), steps(compress, encrypt) {}

  block_cut how;
  step_pair steps;
  std::vector<std::byte> plain; ///< room for the super block that is being put together
  size_t taken_bytes = 0;       ///< of whole blocks in it
  size_t block_bytes = 0;       ///< of the next one, behind these
  size_t lent_bytes = 0; ///< of it, at the front of what is given: not copied, still to be packed
  bool is_out = false;   ///< it is on its way out
  window left = {};      ///< what of it is still to be packed
  uint64_t stored_bytes = 0; ///< of it
};

block_pack_kernel::block_pack_kernel(std::unique_ptr<kernel> compress,
                                     std::unique_ptr<kernel> encrypt)
    : compress_(std::move(compress)), encrypt_(std::move(encrypt)) {}

block_pack_kernel::~block_pack_kernel() = default;

result<std::unique_ptr<block_pack_kernel>>
block_pack_kernel::make(compress_type type, int level, gz_engine gz, std::string_view passphrase) {
  std::unique_ptr<kernel> compress;
  if (type != compress_type::none) {
    auto made = make_compress(type, level, {.raw = true, .engine = gz});
    if (!made)
      return made.failure();
    compress = std::move(*made);
  }
  auto encrypt = passphrase.empty() ? nullptr : make_encrypt(passphrase, {.raw = true});
  return std::unique_ptr<block_pack_kernel>(
      new block_pack_kernel(std::move(compress), std::move(encrypt)));
}

std::unique_ptr<stream> block_pack_kernel::open() {
  return open({usual_block_bytes, usual_super_bytes, std::make_shared<takes_all>()});
}

std::unique_ptr<stream> block_pack_kernel::open(block_cut how) {
  assert(how.block_bytes != 0 && how.super_bytes >= how.block_bytes &&
         how.super_bytes % how.block_bytes == 0);
  return std::make_unique<packing>(std::move(how), compress_.get(), encrypt_.get());
}

void block_pack_kernel::run(std::span<job> jobs) {
  for (auto& one : jobs)
    if (auto done = advance(static_cast<packing&>(*one.state), one); !done)
      one.failure = done.failure();
}

result<void> block_pack_kernel::advance(packing& at, job& of) {
  while (true) {
    if (at.is_out)
      if (auto packed = pack(at, of); !packed)
        return packed;
    if (at.is_out)
      return success(); // no room
    if (lend(at, of)) {
      send(at, of.in.first(at.lent_bytes));
      continue;
    }
    take(at, of);
    const bool ends = of.last && of.in.empty();
    if (at.taken_bytes == at.how.super_bytes || (ends && at.taken_bytes > 0)) {
      send(at, byte_view(at.plain).first(at.taken_bytes));
      continue;
    }
    if (!of.in.empty())
      continue;
    of.finished = of.last;
    return success();
  }
}

/// A whole super block whose blocks are all taken, as those of a new file are, stays where it is.
/// Otherwise what was taken up to the first other block is copied, and that one is passed.
bool block_pack_kernel::lend(packing& at, job& of) {
  if (at.taken_bytes != 0 || at.block_bytes != 0 ||
      (of.in.size() < at.how.super_bytes && !of.last) || of.in.empty())
    return false;
  const auto whole = of.in.first(std::min<size_t>(at.how.super_bytes, of.in.size()));
  size_t taken_bytes = 0;
  while (taken_bytes < whole.size()) {
    const auto left = whole.subspan(taken_bytes);
    const auto block = left.first(std::min<size_t>(at.how.block_bytes, left.size()));
    if (!at.how.judge->takes(block_sum_of(block), block.size())) {
      keep(at, whole.first(taken_bytes));
      at.taken_bytes = taken_bytes;
      of.in = of.in.subspan(taken_bytes + block.size());
      return false;
    }
    taken_bytes += block.size();
  }
  at.taken_bytes = at.lent_bytes = taken_bytes;
  return true;
}

void block_pack_kernel::send(packing& at, byte_view super_block) {
  at.is_out = true;
  at.steps.begin();
  at.left = window_of(super_block, true);
}

/// Behind what is taken, and what there is of the next block.
void block_pack_kernel::keep(packing& at, byte_view bytes) {
  const auto needed = at.taken_bytes + at.block_bytes + bytes.size();
  if (at.plain.size() < needed)
    at.plain.resize(std::min<uint64_t>(at.how.super_bytes, std::max(2 * at.plain.size(), needed)));
  if (!bytes.empty())
    std::memcpy(at.plain.data() + at.taken_bytes + at.block_bytes, bytes.data(), bytes.size());
}

/// Up to the end of one block.
void block_pack_kernel::take(packing& at, job& of) {
  const auto count =
      static_cast<size_t>(std::min<uint64_t>(at.how.block_bytes - at.block_bytes, of.in.size()));
  keep(at, of.in.first(count));
  of.in = of.in.subspan(count);
  at.block_bytes += count;
  const bool ends = of.last && of.in.empty() && at.block_bytes > 0;
  if (at.block_bytes == at.how.block_bytes || ends)
    end_block(at);
}

void block_pack_kernel::end_block(packing& at) {
  const auto bytes = byte_view(at.plain).subspan(at.taken_bytes, at.block_bytes);
  if (at.how.judge->takes(block_sum_of(bytes), bytes.size()))
    at.taken_bytes += bytes.size();
  at.block_bytes = 0;
}

/// As much of the super block as there is room for.
result<void> block_pack_kernel::pack(packing& at, job& of) {
  if (at.lent_bytes > 0)
    at.left.bytes = of.in.first(at.lent_bytes); // What is given may lie elsewhere by now.
  while (!of.out.empty()) {
    window made;
    if (auto stepped = at.steps.step(at.left, of.out, made); !stepped)
      return stepped;
    if (at.lent_bytes > 0) {
      of.in = of.in.subspan(at.lent_bytes - at.left.bytes.size());
      at.lent_bytes = at.left.bytes.size();
    }
    of.out = of.out.subspan(made.bytes.size());
    at.stored_bytes += made.bytes.size();
    if (!made.last)
      continue;
    at.how.judge->packed(at.taken_bytes, at.stored_bytes);
    at.is_out = false;
    at.taken_bytes = at.stored_bytes = 0;
    return success();
  }
  return success();
}

compress_memory memory_of_block_pack(compress_type type, int level) {
  auto out = memory_of(type, level);
  out.stream_bytes += step_pair::between_bytes;
  return out;
}

} // namespace pgbraid::codec

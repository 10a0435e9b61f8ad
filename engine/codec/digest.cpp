// The SHA-1 of a stream, and of whole buffers.
// SPDX-License-Identifier: MIT
#include "engine/codec/digest.hpp"

#include "engine/codec/sha1_blocks.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <vector>

namespace pgbraid::codec {

namespace {

struct digest_stream : stream {
  uint64_t count = 0;
  bool finished = false;
  sha1_digest value{};
};

/// A stream whose blocks `sha1_advance` does.
struct block_stream final : digest_stream {
  sha1_state state{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
  /// Bytes that do not fill a block yet; twice the size for the padding at the end.
  std::array<std::byte, 2 * sha1_block_bytes> carry{};
  size_t carried = 0;

  void keep(byte_view bytes) {
    std::copy(bytes.begin(), bytes.end(), carry.begin() + static_cast<ptrdiff_t>(carried));
    carried += bytes.size();
  }
  /// Appends the padding and the length; returns how many blocks that makes.
  size_t pad() {
    const size_t blocks = carried + 9 <= sha1_block_bytes ? 1 : 2;
    std::fill(carry.begin() + static_cast<ptrdiff_t>(carried), carry.end(), std::byte{0});
    carry[carried] = std::byte{0x80};
    const uint64_t bits = count * 8;
    for (size_t i = 0; i < 8; ++i)
      carry[blocks * sha1_block_bytes - 1 - i] = static_cast<std::byte>(bits >> (8 * i));
    return blocks;
  }
  void finish() {
    for (size_t i = 0; i < value.size(); ++i)
      value[i] = static_cast<std::byte>(state[i / 4] >> (24 - 8 * (i % 4)));
    finished = true;
  }
};

/// A stream that OpenSSL does.
struct evp_stream final : digest_stream {
  struct free_context {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, free_context> context{EVP_MD_CTX_new()};
};

block_stream& block_state(const job& j) {
  return static_cast<block_stream&>(*j.state);
}

/// First pass: blocks that the bytes carried over complete.
void complete_carries(std::span<job> jobs, std::vector<sha1_lane>& lanes) {
  lanes.clear();
  for (auto& j : jobs) {
    auto& s = block_state(j);
    s.count += j.in.size();
    if (s.carried == 0)
      continue;
    const auto part = j.in.first(std::min(j.in.size(), sha1_block_bytes - s.carried));
    s.keep(part);
    j.in = j.in.subspan(part.size());
    if (s.carried == sha1_block_bytes) {
      lanes.push_back({&s.state, s.carry.data(), 1});
      s.carried = 0;
    }
  }
  sha1_advance(lanes);
}

/// Second pass: whole blocks, straight from the input; what remains is carried.
void whole_blocks(std::span<job> jobs, std::vector<sha1_lane>& lanes) {
  lanes.clear();
  for (auto& j : jobs) {
    auto& s = block_state(j);
    const size_t blocks = j.in.size() / sha1_block_bytes;
    lanes.push_back({&s.state, j.in.data(), blocks});
    s.keep(j.in.subspan(blocks * sha1_block_bytes));
    j.in = {};
  }
  sha1_advance(lanes);
}

/// Third pass: the padding of the streams that end.
void final_blocks(std::span<job> jobs, std::vector<sha1_lane>& lanes) {
  lanes.clear();
  for (auto& j : jobs) {
    auto& s = block_state(j);
    if (j.last && !s.finished)
      lanes.push_back({&s.state, s.carry.data(), s.pad()});
  }
  sha1_advance(lanes);
  for (auto& j : jobs) {
    auto& s = block_state(j);
    if (j.last && !s.finished)
      s.finish();
    j.finished = j.last;
  }
}

void run_blocks(std::span<job> jobs) {
  std::vector<sha1_lane> lanes;
  lanes.reserve(jobs.size());
  complete_carries(jobs, lanes);
  whole_blocks(jobs, lanes);
  final_blocks(jobs, lanes);
}

void run_evp(std::span<job> jobs) {
  for (auto& j : jobs) {
    auto& s = static_cast<evp_stream&>(*j.state);
    EVP_DigestUpdate(s.context.get(), j.in.data(), j.in.size());
    s.count += j.in.size();
    j.in = {};
    if (j.last && !s.finished) {
      EVP_DigestFinal_ex(s.context.get(), reinterpret_cast<unsigned char*>(s.value.data()),
                         nullptr);
      s.finished = true;
    }
    j.finished = j.last;
  }
}

} // namespace

digest_kernel::digest_kernel(bool accelerated) : accelerated_(accelerated && has_sha_rounds()) {}

std::unique_ptr<stream> digest_kernel::open() {
  if (accelerated_)
    return std::make_unique<block_stream>();
  auto made = std::make_unique<evp_stream>();
  EVP_DigestInit_ex(made->context.get(), EVP_sha1(), nullptr);
  return made;
}

void digest_kernel::run(std::span<job> jobs) {
  if (accelerated_)
    run_blocks(jobs);
  else
    run_evp(jobs);
}

sha1_digest digest_kernel::value(const stream& finished) {
  const auto& s = static_cast<const digest_stream&>(finished);
  assert(s.finished);
  return s.value;
}

uint64_t digest_kernel::count(const stream& any) {
  return static_cast<const digest_stream&>(any).count;
}

sha1_digest sha1_of(byte_view bytes) {
  digest_kernel kernel;
  const auto stream = kernel.open();
  job whole{.state = stream.get(), .in = bytes, .last = true};
  kernel.run({&whole, 1});
  return digest_kernel::value(*stream);
}

} // namespace pgbraid::codec

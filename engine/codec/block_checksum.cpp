// XXH3 of 128 bits.
// SPDX-License-Identifier: MIT
#include "engine/codec/block_checksum.hpp"

#include <xxhash.h>

#include <cstring>

namespace pgbraid::codec {

namespace {

block_sum canonical(XXH128_hash_t hash) {
  XXH128_canonical_t text;
  XXH128_canonicalFromHash(&text, hash);
  block_sum out;
  static_assert(sizeof(text.digest) == out.size());
  std::memcpy(out.data(), text.digest, out.size());
  return out;
}

} // namespace

struct block_summer::state {
  struct freed {
    void operator()(XXH3_state_t* at) const { XXH3_freeState(at); }
  };
  // Not a member by value: it must be aligned to 64 bytes.
  std::unique_ptr<XXH3_state_t, freed> hash{XXH3_createState()};
};

block_sum block_sum_of(byte_view bytes) {
  return canonical(XXH3_128bits(bytes.data(), bytes.size()));
}

block_summer::block_summer() : state_(std::make_unique<state>()) {
  XXH3_128bits_reset(state_->hash.get());
}

block_summer::~block_summer() = default;
block_summer::block_summer(block_summer&&) noexcept = default;
block_summer& block_summer::operator=(block_summer&&) noexcept = default;

void block_summer::add(byte_view bytes) {
  if (!bytes.empty())
    XXH3_128bits_update(state_->hash.get(), bytes.data(), bytes.size());
}

block_sum block_summer::take() {
  const auto out = canonical(XXH3_128bits_digest(state_->hash.get()));
  XXH3_128bits_reset(state_->hash.get());
  return out;
}

} // namespace pgbraid::codec

// AES-256-CBC encryption of whole blocks for up to eight streams at once, on AES-NI.
// Algorithm: FIPS 197 (key expansion: section 5.2), chaining: NIST SP 800-38A, section 6.2.
// SPDX-License-Identifier: MIT
#include "engine/codec/aes_blocks.hpp"

#include "engine/codec/interleave.hpp"

#include <immintrin.h>
#include <openssl/crypto.h>

// Lambdas and templates do not inherit a function's target attribute, hence the pragma.
#pragma GCC push_options
#pragma GCC target("aes,sse2")

namespace pgbraid::codec {

namespace {

inline __m128i load(const std::byte* from) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
}
inline void store(std::byte* to, __m128i value) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), value);
}

/// Each word of `key` xored with all words before it.
inline __m128i running_xor(__m128i key) {
  key = _mm_xor_si128(key, _mm_slli_si128(key, 4));
  return _mm_xor_si128(key, _mm_slli_si128(key, 8));
}

/// Round keys 2*Pair+2 and 2*Pair+3, and then the pairs that follow.
template <int Pair> void expand_from(std::array<aes_block, 15>& keys, __m128i even, __m128i odd) {
  if constexpr (Pair < 7) {
    const auto rotated = _mm_shuffle_epi32(_mm_aeskeygenassist_si128(odd, 1 << Pair), 0xff);
    even = _mm_xor_si128(running_xor(even), rotated);
    store(keys[2 * Pair + 2].data(), even);
    if constexpr (Pair < 6) {
      const auto substituted = _mm_shuffle_epi32(_mm_aeskeygenassist_si128(even, 0), 0xaa);
      odd = _mm_xor_si128(running_xor(odd), substituted);
      store(keys[2 * Pair + 3].data(), odd);
    }
    expand_from<Pair + 1>(keys, even, odd);
  }
}

template <size_t K> void advance(std::span<aes_lane> lanes, size_t blocks) {
  const __m128i* keys[K];
  const std::byte* from[K];
  std::byte* to[K];
  __m128i chain[K];
  for (size_t k = 0; k < K; ++k) {
    keys[k] = reinterpret_cast<const __m128i*>(lanes[k].state->round_keys.data());
    chain[k] = load(lanes[k].state->chain.data());
    from[k] = lanes[k].from;
    to[k] = lanes[k].to;
  }
  for (size_t n = 0; n < blocks; ++n) {
    const size_t at = n * aes_block_bytes;
#pragma GCC unroll 8
    for (size_t k = 0; k < K; ++k)
      chain[k] = _mm_xor_si128(_mm_xor_si128(chain[k], load(from[k] + at)), keys[k][0]);
#pragma GCC unroll 13
    for (int round = 1; round < 14; ++round) {
#pragma GCC unroll 8
      for (size_t k = 0; k < K; ++k)
        chain[k] = _mm_aesenc_si128(chain[k], keys[k][round]);
    }
#pragma GCC unroll 8
    for (size_t k = 0; k < K; ++k) {
      chain[k] = _mm_aesenclast_si128(chain[k], keys[k][14]);
      store(to[k] + at, chain[k]);
    }
  }
  for (size_t k = 0; k < K; ++k) {
    store(lanes[k].state->chain.data(), chain[k]);
    lanes[k].from += blocks * aes_block_bytes;
    lanes[k].to += blocks * aes_block_bytes;
    lanes[k].blocks -= blocks;
  }
}

} // namespace

void aes_state::set_key(std::span<const std::byte, 32> key, std::span<const std::byte, 16> iv) {
  const auto even = load(key.data());
  const auto odd = load(key.data() + 16);
  store(round_keys[0].data(), even);
  store(round_keys[1].data(), odd);
  expand_from<0>(round_keys, even, odd);
  store(chain.data(), load(iv.data()));
}

void aes_advance(std::span<const aes_lane> lanes) {
  interleave<aes_lanes>(lanes, [](std::span<aes_lane> active, size_t blocks) {
    static constexpr decltype(&advance<1>) widths[] = {advance<1>, advance<2>, advance<3>,
                                                       advance<4>, advance<5>, advance<6>,
                                                       advance<7>, advance<8>};
    widths[active.size() - 1](active, blocks);
  });
}

} // namespace pgbraid::codec

#pragma GCC pop_options

namespace pgbraid::codec {

aes_state::~aes_state() {
  OPENSSL_cleanse(round_keys.data(), sizeof round_keys);
  OPENSSL_cleanse(chain.data(), sizeof chain);
}

} // namespace pgbraid::codec

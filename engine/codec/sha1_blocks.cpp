// The block function of SHA-1 for up to four streams at once, on the processor's SHA rounds.
// Algorithm: FIPS 180-4, section 6.1; one SHA-NI instruction does four of the 80 rounds.
// SPDX-License-Identifier: MIT
#include "engine/codec/sha1_blocks.hpp"

#include "engine/codec/interleave.hpp"

#include <immintrin.h>

// Lambdas and templates do not inherit a function's target attribute, hence the pragma.
#pragma GCC push_options
#pragma GCC target("sha,ssse3,sse4.1")

namespace pgbraid::codec {

namespace {

/// Lanes in registers. `abcd` and `e` are the working variables; `before_*` is the state that the
/// block's result is added to; `words` is the window of the last 16 message words.
template <size_t K> struct registers {
  __m128i abcd[K];
  __m128i e[K];
  __m128i before_abcd[K];
  __m128i before_e[K];
  __m128i words[K][4];
};

inline __attribute__((always_inline)) __m128i load_words(const std::byte* from) {
  const __m128i swap = _mm_set_epi64x(0x0001020304050607, 0x08090a0b0c0d0e0f);
  return _mm_shuffle_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)), swap);
}

/// Rounds 4*Group to 4*Group+3 of all lanes, and then the groups that follow.
template <size_t K, int Group>
inline __attribute__((always_inline)) void rounds_from(registers<K>& r,
                                                       const std::byte* const (&from)[K]) {
  if constexpr (Group < 20) {
#pragma GCC unroll 4
    for (size_t k = 0; k < K; ++k) {
      auto& w = r.words[k];
      auto& now = w[Group % 4];
      if constexpr (Group < 4)
        now = load_words(from[k] + Group * 16);
      else
        now = _mm_sha1msg2_epu32(
            _mm_xor_si128(_mm_sha1msg1_epu32(now, w[(Group + 1) % 4]), w[(Group + 2) % 4]),
            w[(Group + 3) % 4]);
      const auto e = Group == 0 ? _mm_add_epi32(r.e[k], now) : _mm_sha1nexte_epu32(r.e[k], now);
      r.e[k] = r.abcd[k];
      r.abcd[k] = _mm_sha1rnds4_epu32(r.abcd[k], e, Group / 5);
    }
    rounds_from<K, Group + 1>(r, from);
  }
}

template <size_t K> void advance(std::span<sha1_lane> lanes, size_t blocks) {
  registers<K> r;
  const std::byte* from[K];
  for (size_t k = 0; k < K; ++k) {
    const auto& state = *lanes[k].state;
    r.abcd[k] =
        _mm_shuffle_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(state.data())), 0x1b);
    r.e[k] = _mm_set_epi32(static_cast<int>(state[4]), 0, 0, 0);
    from[k] = lanes[k].from;
  }
  for (size_t n = 0; n < blocks; ++n) {
#pragma GCC unroll 4
    for (size_t k = 0; k < K; ++k) {
      r.before_abcd[k] = r.abcd[k];
      r.before_e[k] = r.e[k];
    }
    rounds_from<K, 0>(r, from);
#pragma GCC unroll 4
    for (size_t k = 0; k < K; ++k) {
      r.abcd[k] = _mm_add_epi32(r.abcd[k], r.before_abcd[k]);
      r.e[k] = _mm_sha1nexte_epu32(r.e[k], r.before_e[k]);
      from[k] += sha1_block_bytes;
    }
  }
  for (size_t k = 0; k < K; ++k) {
    auto& state = *lanes[k].state;
    _mm_storeu_si128(reinterpret_cast<__m128i*>(state.data()), _mm_shuffle_epi32(r.abcd[k], 0x1b));
    state[4] = static_cast<uint32_t>(_mm_extract_epi32(r.e[k], 3));
    lanes[k].from = from[k];
    lanes[k].blocks -= blocks;
  }
}

} // namespace

void sha1_advance(std::span<const sha1_lane> lanes) {
  interleave<sha1_lanes>(lanes, [](std::span<sha1_lane> active, size_t blocks) {
    static constexpr decltype(&advance<1>) widths[] = {advance<1>, advance<2>, advance<3>,
                                                       advance<4>};
    widths[active.size() - 1](active, blocks);
  });
}

} // namespace pgbraid::codec

#pragma GCC pop_options

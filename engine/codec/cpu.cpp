// What this processor can do for our own block loops.
// SPDX-License-Identifier: MIT
#include "engine/codec/cpu.hpp"

#include <cpuid.h>

namespace pgbraid::codec {

namespace {

// __builtin_cpu_supports of g++ 12 does not know "sha".
bool cpuid_has_sha() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & bit_SHA) != 0;
}

} // namespace

bool has_sha_rounds() {
  static const bool known = cpuid_has_sha() && __builtin_cpu_supports("ssse3") != 0 &&
                            __builtin_cpu_supports("sse4.1") != 0;
  return known;
}

bool has_aes_rounds() {
  static const bool known = __builtin_cpu_supports("aes") != 0;
  return known;
}

bool has_crc32c() {
  static const bool known = __builtin_cpu_supports("sse4.2") != 0;
  return known;
}

bool has_avx2() {
  static const bool known = __builtin_cpu_supports("avx2") != 0;
  return known;
}

} // namespace pgbraid::codec

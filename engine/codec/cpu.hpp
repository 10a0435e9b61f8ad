// What this processor can do for our own block loops.
// SPDX-License-Identifier: MIT
#pragma once

namespace pgbraid::codec {

/// SHA-1 rounds in hardware (SHA-NI with SSSE3 and SSE4.1).
bool has_sha_rounds();
/// AES rounds in hardware (AES-NI).
bool has_aes_rounds();
/// CRC-32C in hardware (SSE4.2).
bool has_crc32c();
/// 256-bit integer vectors (AVX2).
bool has_avx2();

} // namespace pgbraid::codec

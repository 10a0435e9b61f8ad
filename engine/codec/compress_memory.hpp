// What compression takes in memory.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/codec/compress.hpp"

#include <cstddef>

namespace pgbraid::codec {

/// Beside the pieces that come and go. Upper bounds, which a test compares with what is allocated.
struct compress_memory {
  size_t kernel_bytes = 0; ///< tables that the streams of a kernel share
  size_t stream_bytes = 0; ///< of each stream
};

/// Of a kernel of `make_compress` for a level that the type knows.
compress_memory memory_of(compress_type type, int level);

} // namespace pgbraid::codec

// Compression by independent frames: each piece of input becomes a frame of its own.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/codec/kernel.hpp"

#include <cstdint>

namespace pgbraid::codec {

/// A larger piece of input becomes several frames. At this size window and match tables stay in
/// the cache, which saves about a quarter of zstd's work (bench/README.md, "Priors of the graph").
inline constexpr size_t frame_piece_bytes = size_t{1} << 20;

/// Makes whole frames; its tables serve all streams of a kernel in turn.
class frame_maker {
public:
  virtual ~frame_maker() = default;
  /// Room that a frame of `plain_bytes` needs at most.
  virtual size_t bound(size_t plain_bytes) const = 0;
  /// Writes one frame to the front of `into`, which has `bound` bytes; returns its length.
  virtual result<size_t> make(byte_view piece, byte_span into) = 0;
};

/// A kernel whose streams hold nothing but frames that did not fit the output yet. Peers take
/// frames of any number but none that is empty, except as the only one of an empty file.
std::unique_ptr<kernel> make_framed(std::unique_ptr<frame_maker> maker);

} // namespace pgbraid::codec

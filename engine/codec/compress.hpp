// Compression and decompression kernels, one pair per compression type.
// Containers: engine/format/README.md, section 10.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/compress_type.hpp"
#include "engine/codec/kernel.hpp"

#include <cstdint>
#include <vector>

namespace pgbraid::codec {

/// Who compresses gz. `automatic` takes ISA-L for levels -1 and 1..6 and zlib for 0 and 7..9;
/// `isal` does the same, the word lets users insist; `zlib` takes zlib for every level.
enum class gz_engine : uint8_t { automatic, zlib, isal };

struct compress_options {
  /// The container of block pieces and raw bundle members: zlib format for gz, no content
  /// checksum for lz4, no difference for the others.
  bool raw = false;
  gz_engine engine = gz_engine::automatic;
};

struct level_range {
  int low;
  int high;
  int standard;
};

/// The levels a type knows; all zero for `none`.
level_range levels_of(compress_type type);

/// A kernel that compresses each stream into one file; null for `none`.
///
/// zst and lz4 make one independent frame of each piece of up to 1 MiB that a job brings, so
/// callers bring 1 MiB pieces where they can. An empty stream becomes one empty frame or member.
/// gz and bz2 make one member. A kernel is used by one thread at a time, since its streams share
/// the tables; streams may outlive it.
/// Fails with `option_invalid_value` when the type does not know the level.
result<std::unique_ptr<kernel>> make_compress(compress_type type, int level,
                                              compress_options options = {});

/// A kernel that restores what `make_compress` or the peer made; null for `none`.
///
/// zst and lz4 accept any number of frames, gz and bz2 exactly one member. Streams fail with
/// `format` when input is corrupt, is truncated ("unexpected eof in compressed data") or goes on
/// behind the end of a gz or bz2 member. zst windows are limited to 128 MiB (window log 27).
std::unique_ptr<kernel> make_decompress(compress_type type, bool raw = false);

/// One whole buffer compressed; `none` copies.
result<std::vector<std::byte>> compress_all(compress_type type, int level, byte_view plain,
                                            compress_options options = {});
/// One whole buffer restored; `none` copies.
/// @param limit_bytes  a plain size above this fails with `format`
result<std::vector<std::byte>> decompress_all(compress_type type, byte_view packed,
                                              uint64_t limit_bytes, bool raw = false);

} // namespace pgbraid::codec

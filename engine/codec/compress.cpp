// Compression and decompression kernels, one pair per compression type.
// SPDX-License-Identifier: MIT
#include "engine/codec/compress.hpp"

#include "engine/codec/codecs.hpp"
#include "engine/codec/whole.hpp"

#include <fmt/format.h>

#include <cassert>
#include <limits>

namespace pgbraid::codec {

namespace {

std::unique_ptr<kernel> make_gz(int level, compress_options options) {
  const bool fast = level == -1 || (level >= 1 && level <= 6);
  if (options.engine == gz_engine::zlib || !fast)
    return make_gz_compress_zlib(level, options.raw);
  // ISA-L's level 2 packs nearly as well as zlib's 6 at a fraction of the work.
  return make_gz_compress_isal(level == 1 ? 1 : 2, options.raw);
}

} // namespace

error truncated_input() {
  return {errc::format, "unexpected eof in compressed data"};
}

error trailing_input() {
  return {errc::format, "unexpected data behind the end of compressed data"};
}

error corrupt_input(std::string_view what, std::string_view detail) {
  return {errc::format, fmt::format("compressed data is corrupt: {}: {}", what, detail)};
}

level_range levels_of(compress_type type) {
  switch (type) {
  case compress_type::none:
    break;
  case compress_type::gz:
    return {-1, 9, 6};
  case compress_type::lz4:
    return {-5, 12, 1};
  case compress_type::zst:
    return {-7, 22, 3};
  case compress_type::bz2:
    return {1, 9, 9};
  }
  return {0, 0, 0};
}

result<std::unique_ptr<kernel>> make_compress(compress_type type, int level,
                                              compress_options options) {
  const auto range = levels_of(type);
  if (type != compress_type::none && (level < range.low || level > range.high))
    return error{errc::option_invalid_value,
                 fmt::format("level {} is out of range for '{}', which has {} to {}", level,
                             compress_type_name(type), range.low, range.high)};
  switch (type) {
  case compress_type::none:
    break;
  case compress_type::gz:
    return make_gz(level, options);
  case compress_type::lz4:
    return make_lz4_compress(level, options.raw);
  case compress_type::zst:
    return make_zst_compress(level);
  case compress_type::bz2:
    return make_bz2_compress(level);
  }
  return std::unique_ptr<kernel>();
}

std::unique_ptr<kernel> make_decompress(compress_type type, bool raw) {
  switch (type) {
  case compress_type::none:
    break;
  case compress_type::gz:
    return make_gz_decompress(raw);
  case compress_type::lz4:
    return make_lz4_decompress();
  case compress_type::zst:
    return make_zst_decompress();
  case compress_type::bz2:
    return make_bz2_decompress();
  }
  return nullptr;
}

result<std::vector<std::byte>> compress_all(compress_type type, int level, byte_view plain,
                                            compress_options options) {
  auto made = make_compress(type, level, options);
  if (!made)
    return made.failure();
  if (!*made)
    return std::vector<std::byte>(plain.begin(), plain.end());
  return transform_all(**made, plain, std::numeric_limits<uint64_t>::max());
}

result<std::vector<std::byte>> decompress_all(compress_type type, byte_view packed,
                                              uint64_t limit_bytes, bool raw) {
  const auto made = make_decompress(type, raw);
  if (made)
    return transform_all(*made, packed, limit_bytes);
  if (packed.size() > limit_bytes)
    return error{errc::format,
                 fmt::format("content is larger than the limit of {} bytes", limit_bytes)};
  return std::vector<std::byte>(packed.begin(), packed.end());
}

} // namespace pgbraid::codec

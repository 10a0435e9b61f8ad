// The makers behind `make_compress` and `make_decompress`, one file each.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/codec/kernel.hpp"

#include <string_view>

namespace pgbraid::codec {

/// Levels have been checked; see compress.hpp for what the kernels do.
std::unique_ptr<kernel> make_gz_compress_zlib(int level, bool raw);
/// @param level  ISA-L's own level, 1 or 2
std::unique_ptr<kernel> make_gz_compress_isal(int level, bool raw);
std::unique_ptr<kernel> make_lz4_compress(int level, bool raw);
std::unique_ptr<kernel> make_zst_compress(int level);
std::unique_ptr<kernel> make_bz2_compress(int level);

std::unique_ptr<kernel> make_gz_decompress(bool raw);
std::unique_ptr<kernel> make_lz4_decompress();
std::unique_ptr<kernel> make_zst_decompress();
std::unique_ptr<kernel> make_bz2_decompress();

/// Errors that all decompressors share.
error truncated_input();
error trailing_input();
/// @param what    the type's name
/// @param detail  the library's own word
error corrupt_input(std::string_view what, std::string_view detail);

} // namespace pgbraid::codec

// The functions of the libraries for compression and XXH3 that we call, each passed on to its
// library: a command uses one of them, if any.
//
// SPDX-License-Identifier: MIT
#include "engine/base/late_function.hpp"

#include <bzlib.h>
#include <isa-l/igzip_lib.h>
#include <lz4frame.h>
#include <xxhash.h>
#include <zlib.h>
#include <zstd.h>

namespace {

using pgbraid::late_library;

late_library& libz() {
  static late_library one("libz.so.1");
  return one;
}
late_library& libbz2() {
  static late_library one("libbz2.so.1.0");
  return one;
}
late_library& libisal() {
  static late_library one("libisal.so.2");
  return one;
}
late_library& liblz4() {
  static late_library one("liblz4.so.1");
  return one;
}
late_library& libzstd() {
  static late_library one("libzstd.so.1");
  return one;
}
late_library& libxxhash() {
  static late_library one("libxxhash.so.0");
  return one;
}

} // namespace

extern "C" {

// clang-format off
PGBRAID_LATE_2(libz(), deflate)
PGBRAID_LATE_1(libz(), deflateEnd)
PGBRAID_LATE_8(libz(), deflateInit2_)
PGBRAID_LATE_1(libz(), deflateReset)

PGBRAID_LATE_2(libbz2(), BZ2_bzCompress)
PGBRAID_LATE_1(libbz2(), BZ2_bzCompressEnd)
PGBRAID_LATE_4(libbz2(), BZ2_bzCompressInit)
PGBRAID_LATE_1(libbz2(), BZ2_bzDecompress)
PGBRAID_LATE_1(libbz2(), BZ2_bzDecompressEnd)
PGBRAID_LATE_3(libbz2(), BZ2_bzDecompressInit)

PGBRAID_LATE_1(libisal(), isal_deflate)
PGBRAID_LATE_1(libisal(), isal_deflate_init)
PGBRAID_LATE_1(libisal(), isal_inflate)
PGBRAID_LATE_1(libisal(), isal_inflate_init)
PGBRAID_LATE_1(libisal(), isal_inflate_reset)

PGBRAID_LATE_4(liblz4(), LZ4F_compressBegin)
PGBRAID_LATE_2(liblz4(), LZ4F_compressBound)
PGBRAID_LATE_4(liblz4(), LZ4F_compressEnd)
PGBRAID_LATE_6(liblz4(), LZ4F_compressUpdate)
PGBRAID_LATE_2(liblz4(), LZ4F_createCompressionContext)
PGBRAID_LATE_2(liblz4(), LZ4F_createDecompressionContext)
PGBRAID_LATE_6(liblz4(), LZ4F_decompress)
PGBRAID_LATE_1(liblz4(), LZ4F_freeCompressionContext)
PGBRAID_LATE_1(liblz4(), LZ4F_freeDecompressionContext)
PGBRAID_LATE_1(liblz4(), LZ4F_getErrorName)
PGBRAID_LATE_1(liblz4(), LZ4F_isError)
PGBRAID_LATE_1(liblz4(), LZ4F_resetDecompressionContext)

PGBRAID_LATE_3(libzstd(), ZSTD_CCtx_setParameter)
PGBRAID_LATE_2(libzstd(), ZSTD_DCtx_reset)
PGBRAID_LATE_3(libzstd(), ZSTD_DCtx_setParameter)
PGBRAID_LATE_5(libzstd(), ZSTD_compress2)
PGBRAID_LATE_1(libzstd(), ZSTD_compressBound)
PGBRAID_LATE_0(libzstd(), ZSTD_createCCtx)
PGBRAID_LATE_0(libzstd(), ZSTD_createDCtx)
PGBRAID_LATE_3(libzstd(), ZSTD_decompressStream)
PGBRAID_LATE_1(libzstd(), ZSTD_freeCCtx)
PGBRAID_LATE_1(libzstd(), ZSTD_freeDCtx)
PGBRAID_LATE_1(libzstd(), ZSTD_getErrorName)
PGBRAID_LATE_1(libzstd(), ZSTD_isError)

PGBRAID_LATE_2(libxxhash(), XXH128_canonicalFromHash)
PGBRAID_LATE_2(libxxhash(), XXH3_128bits)
PGBRAID_LATE_1(libxxhash(), XXH3_128bits_digest)
PGBRAID_LATE_1(libxxhash(), XXH3_128bits_reset)
PGBRAID_LATE_3(libxxhash(), XXH3_128bits_update)
PGBRAID_LATE_0(libxxhash(), XXH3_createState)
PGBRAID_LATE_1(libxxhash(), XXH3_freeState)
// clang-format on

} // extern "C"

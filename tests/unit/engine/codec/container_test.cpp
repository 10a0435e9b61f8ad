// The first bytes, the frames and the members of our files, against the specification's table.
// SPDX-License-Identifier: MIT
#include "engine/codec/compress.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/engine/codec/rig.hpp"

#include <bzlib.h>
#include <lz4frame.h>
#include <zlib.h>
#include <zstd.h>

using namespace pgbraid;
using namespace pgbraid::codec;
using rig::bytes;

namespace {

bytes packed(compress_type type, int level, const bytes& plain, compress_options options = {}) {
  auto made = compress_all(type, level, plain, options);
  REQUIRE(made);
  return *made;
}

std::string first_bytes(const bytes& of, size_t count) {
  return to_hex(byte_view(of).first(count));
}

/// Sizes of the plain content of all frames, by zstd's own functions.
std::vector<unsigned long long> zst_frames(const bytes& file) {
  std::vector<unsigned long long> sizes;
  byte_view rest(file);
  while (!rest.empty()) {
    sizes.push_back(ZSTD_getFrameContentSize(rest.data(), rest.size()));
    const size_t length = ZSTD_findFrameCompressedSize(rest.data(), rest.size());
    REQUIRE(ZSTD_isError(length) == 0);
    rest = rest.subspan(length);
  }
  return sizes;
}

/// Inflates exactly one member with zlib; says how many bytes it took.
size_t inflate_one(const bytes& file, bytes& plain, int window_bits) {
  z_stream z{};
  REQUIRE(inflateInit2(&z, window_bits) == Z_OK);
  z.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(file.data()));
  z.avail_in = static_cast<uInt>(file.size());
  plain.resize(8 << 20);
  z.next_out = reinterpret_cast<Bytef*>(plain.data());
  z.avail_out = static_cast<uInt>(plain.size());
  CHECK(inflate(&z, Z_FINISH) == Z_STREAM_END);
  plain.resize(z.total_out);
  const auto used = z.total_in;
  inflateEnd(&z);
  return used;
}

} // namespace

TEST_CASE("gz: one member with no time in it, from both engines") {
  rig::random from(1);
  for (auto engine : {gz_engine::automatic, gz_engine::zlib, gz_engine::isal}) {
    for (int level = -1; level <= 9; ++level) {
      for (size_t length : {size_t{0}, size_t{1}, size_t{70000}, size_t{1'500'000}}) {
        const auto plain = rig::sample(from, length);
        const auto file = packed(compress_type::gz, level, plain, {.engine = engine});
        // Magic, deflate, no flags, no time.
        CHECK(first_bytes(file, 8) == "1f8b080000000000");
        bytes back;
        CHECK(inflate_one(file, back, 15 + 16) == file.size());
        CHECK(back == plain);
      }
    }
  }
}

TEST_CASE("gz: the zlib engine writes the bytes of the peer's container") {
  const auto file = packed(compress_type::gz, 6, {}, {.engine = gz_engine::zlib});
  CHECK(first_bytes(file, 10) == "1f8b0800000000000003");
  CHECK(file.size() == 20);
}

TEST_CASE("gz: raw is the zlib format") {
  rig::random from(2);
  for (auto engine : {gz_engine::automatic, gz_engine::zlib}) {
    for (size_t length : {size_t{0}, size_t{8192}, size_t{100'000}}) {
      const auto plain = rig::sample(from, length);
      const auto file = packed(compress_type::gz, 6, plain, {.raw = true, .engine = engine});
      CHECK(first_bytes(file, 1) == "78");
      bytes back;
      CHECK(inflate_one(file, back, 15) == file.size());
      CHECK(back == plain);
    }
  }
  const auto file =
      packed(compress_type::gz, 6, bytes(100), {.raw = true, .engine = gz_engine::zlib});
  CHECK(first_bytes(file, 2) == "789c");
}

TEST_CASE("lz4: linked blocks of 64 KiB, with a content checksum unless raw") {
  rig::random from(3);
  const auto plain = rig::sample(from, 200'000);
  CHECK(first_bytes(packed(compress_type::lz4, 1, plain), 6) == "04224d184440");
  CHECK(first_bytes(packed(compress_type::lz4, 1, plain, {.raw = true}), 7) == "04224d184040c0");
}

TEST_CASE("zst: one frame per piece, none of them empty, without checksum") {
  rig::random from(4);
  const size_t piece = size_t{1} << 20;
  CHECK(zst_frames(packed(compress_type::zst, 3, {})) == std::vector<unsigned long long>{0});
  CHECK(zst_frames(packed(compress_type::zst, 3, bytes(piece))) ==
        std::vector<unsigned long long>{piece});
  CHECK(zst_frames(packed(compress_type::zst, 3, bytes(2 * piece + 5))) ==
        std::vector<unsigned long long>{piece, piece, 5});
  const auto file = packed(compress_type::zst, 3, rig::sample(from, 1000));
  // Bit 2 of the frame header's descriptor tells of a checksum.
  CHECK((file[4] & std::byte{4}) == std::byte{0});
}

TEST_CASE("zst, lz4: an end without bytes adds no frame") {
  for (auto type : {compress_type::zst, compress_type::lz4}) {
    auto made = make_compress(type, 1);
    REQUIRE(made);
    auto& k = **made;
    auto s = k.open();
    const bytes plain(100);
    bytes room(1000);
    job whole{.state = s.get(), .in = plain, .out = room};
    k.run(std::span(&whole, 1));
    CHECK(whole.in.empty());
    CHECK_FALSE(whole.finished);
    job end{.state = s.get(), .last = true, .out = whole.out};
    k.run(std::span(&end, 1));
    CHECK(end.finished);
    CHECK(end.out.size() == whole.out.size());
  }
}

TEST_CASE("zst: a window above 128 MiB is refused, without memory for it") {
  test::hostile("stored files that are damaged or expand");
  // Magic, no single segment, window descriptor 0x98: 2^29 bytes; one empty last block.
  const unsigned char file[] = {0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x98, 0x01, 0x00, 0x00};
  const auto made = decompress_all(compress_type::zst, std::as_bytes(std::span(file)), 100);
  REQUIRE_FALSE(made);
  CHECK(made.failure().code == errc::format);
}

TEST_CASE("zst, lz4: skippable frames are skipped") {
  const unsigned char skippable[] = {0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 'a', 'b', 'c'};
  const auto skip = rig::copy(std::as_bytes(std::span(skippable)));
  for (auto type : {compress_type::zst, compress_type::lz4}) {
    const bytes plain(500, std::byte{'p'});
    const auto frame = packed(type, 1, plain);
    bytes file = skip;
    file.insert(file.end(), frame.begin(), frame.end());
    file.insert(file.end(), skip.begin(), skip.end());
    rig::random from(5);
    auto k = make_decompress(type);
    const auto made = rig::drive_one(*k, file, from, {3, 100});
    CHECK_FALSE(made.failure);
    CHECK(made.out == plain);
  }
}

TEST_CASE("lz4: reads frames with large or independent blocks and a content size") {
  rig::random from(6);
  const auto plain = rig::sample(from, 700'000);
  for (auto mode : {LZ4F_blockLinked, LZ4F_blockIndependent}) {
    for (auto size : {LZ4F_max64KB, LZ4F_max256KB, LZ4F_max4MB}) {
      LZ4F_preferences_t preferences = LZ4F_INIT_PREFERENCES;
      preferences.frameInfo = {size,         mode, LZ4F_contentChecksumEnabled, LZ4F_frame,
                               plain.size(), 0,    LZ4F_blockChecksumEnabled};
      bytes file(LZ4F_compressFrameBound(plain.size(), &preferences));
      file.resize(
          LZ4F_compressFrame(file.data(), file.size(), plain.data(), plain.size(), &preferences));
      auto k = make_decompress(compress_type::lz4);
      CHECK(rig::drive_one(*k, file, from, {100'000, 90'000}).out == plain);
    }
  }
}

TEST_CASE("bz2: one stream that the library reads to its end") {
  rig::random from(7);
  const auto plain = rig::sample(from, 2'000'000);
  for (int level : {1, 9}) {
    const auto file = packed(compress_type::bz2, level, plain);
    CHECK(as_text(file).starts_with("BZh" + std::to_string(level)));
    bytes back(plain.size());
    auto length = static_cast<unsigned>(back.size());
    CHECK(BZ2_bzBuffToBuffDecompress(reinterpret_cast<char*>(back.data()), &length,
                                     const_cast<char*>(as_text(file).data()),
                                     static_cast<unsigned>(file.size()), 0, 0) == BZ_OK);
    CHECK(back == plain);
  }
}

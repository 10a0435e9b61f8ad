// What all compression types have in common, and what the libraries' own tools say of our files.
// SPDX-License-Identifier: MIT
#include "engine/codec/compress.hpp"
#include "engine/codec/whole.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/engine/codec/tool.hpp"

#include <array>

using namespace pgbraid;
using namespace pgbraid::codec;
using rig::bytes;

namespace {

constexpr std::array packing{compress_type::gz, compress_type::lz4, compress_type::zst,
                             compress_type::bz2};

std::unique_ptr<kernel> packer(compress_type type, int level, compress_options options = {}) {
  auto made = make_compress(type, level, options);
  REQUIRE(made);
  REQUIRE(*made);
  return std::move(*made);
}

const char* unpack_tool(compress_type type) {
  switch (type) {
  case compress_type::gz:
    return "gzip -dc";
  case compress_type::lz4:
    return "lz4 -dc";
  case compress_type::zst:
    return "zstd -dc";
  default:
    return "bzip2 -dc";
  }
}

const char* pack_tool(compress_type type) {
  switch (type) {
  case compress_type::gz:
    return "gzip -c";
  case compress_type::lz4:
    return "lz4 -zc";
  case compress_type::zst:
    return "zstd -c";
  default:
    return "bzip2 -c";
  }
}

bool have(const char* tool) {
  const std::string name(tool, std::string_view(tool).find(' '));
  if (rig::has_tool(name))
    return true;
  MESSAGE("skipped: there is no tool ", name);
  return false;
}

void check_round_trip(compress_type type, int level, compress_options options, rig::random& from,
                      rig::limits bounds, size_t longest) {
  CAPTURE(compress_type_name(type));
  CAPTURE(level);
  std::vector<bytes> plain(3);
  for (auto& p : plain)
    p = rig::sample(from, rig::pick(from, 0, longest));
  auto k = packer(type, level, options);
  auto packed = rig::drive(*k, plain, from, bounds);
  auto back_kernel = make_decompress(type, options.raw);
  std::vector<bytes> files;
  for (auto& p : packed) {
    REQUIRE_FALSE(p.failure);
    files.push_back(std::move(p.out));
  }
  const auto back = rig::drive(*back_kernel, files, from, bounds);
  for (size_t i = 0; i < plain.size(); ++i) {
    REQUIRE_FALSE(back[i].failure);
    CHECK(back[i].out == plain[i]);
  }
}

} // namespace

TEST_CASE("compress: none needs no kernel") {
  auto made = make_compress(compress_type::none, 0);
  REQUIRE(made);
  CHECK_FALSE(*made);
  CHECK_FALSE(make_decompress(compress_type::none));
  const bytes text(10, std::byte{1});
  CHECK(*compress_all(compress_type::none, 0, text) == text);
  CHECK(*decompress_all(compress_type::none, text, 10) == text);
  CHECK_FALSE(decompress_all(compress_type::none, text, 9));
}

TEST_CASE("compress: levels out of range are refused") {
  for (auto type : packing) {
    const auto range = levels_of(type);
    for (int level : {range.low - 1, range.high + 1}) {
      const auto made = make_compress(type, level);
      REQUIRE_FALSE(made);
      CHECK(made.failure().code == errc::option_invalid_value);
    }
  }
}

TEST_CASE("compress: every level comes back") {
  rig::random from(1);
  for (auto type : packing) {
    const auto range = levels_of(type);
    for (int level = range.low; level <= range.high; ++level) {
      for (bool raw : {false, true}) {
        check_round_trip(type, level, {.raw = raw}, from, {60000, 60000}, 100'000);
        check_round_trip(type, level, {.raw = raw, .engine = gz_engine::zlib}, from, {900, 700},
                         3000);
      }
    }
  }
}

TEST_CASE("compress: single bytes of input and room") {
  rig::random from(2);
  for (auto type : packing) {
    for (bool raw : {false, true}) {
      check_round_trip(type, levels_of(type).standard, {.raw = raw}, from, {1, 100000}, 300);
      check_round_trip(type, levels_of(type).standard, {.raw = raw}, from, {4000, 1}, 2000);
      check_round_trip(type, levels_of(type).standard, {.raw = raw, .engine = gz_engine::zlib},
                       from, {4000, 1}, 2000);
    }
  }
}

TEST_CASE("compress: noise, and files of several pieces") {
  rig::random from(3);
  for (auto type : packing) {
    const auto plain = rig::noise(from, 300'000);
    const auto packed = compress_all(type, levels_of(type).standard, plain);
    REQUIRE(packed);
    CHECK(*decompress_all(type, *packed, plain.size()) == plain);
    check_round_trip(type, levels_of(type).standard, {}, from, {3 << 20, 1 << 20}, 4 << 20);
  }
}

TEST_CASE("compress: the types' own tools read ours, and we read theirs") {
  rig::random from(4);
  for (auto type : packing) {
    if (!have(unpack_tool(type)))
      continue;
    for (size_t length : {size_t{0}, size_t{1}, size_t{1000}, size_t{2'500'000}}) {
      const auto plain = rig::sample(from, length);
      auto k = packer(type, levels_of(type).standard);
      const auto packed = rig::drive_one(*k, plain, from, {1 << 20, 1 << 20});
      REQUIRE_FALSE(packed.failure);
      CHECK_FALSE(packed.out.empty());
      CHECK(rig::through(unpack_tool(type), packed.out) == plain);
      const auto theirs = rig::through(pack_tool(type), plain);
      REQUIRE(theirs);
      auto back = make_decompress(type);
      const auto ours = rig::drive_one(*back, *theirs, from, {1 << 20, 1 << 20});
      REQUIRE_FALSE(ours.failure);
      CHECK(ours.out == plain);
    }
  }
}

TEST_CASE("decompress: truncated anywhere is an unexpected eof") {
  rig::random from(5);
  for (auto type : packing) {
    for (bool raw : {false, true}) {
      const auto plain = rig::sample(from, 900);
      const auto packed = compress_all(type, levels_of(type).standard, plain, {.raw = raw});
      REQUIRE(packed);
      for (size_t length = 0; length < (*packed).size(); ++length) {
        test::hostile("stored files that are damaged or expand");
        CAPTURE(compress_type_name(type));
        CAPTURE(length);
        auto k = make_decompress(type, raw);
        const auto cut = rig::copy(byte_view(*packed).first(length));
        const auto made = rig::drive_one(*k, cut, from, {300, 400});
        REQUIRE(made.failure);
        CHECK(made.failure->code == errc::format);
        CHECK(made.failure->message == "unexpected eof in compressed data");
      }
    }
  }
}

TEST_CASE("decompress: a flipped bit never crashes, and checksums find it") {
  rig::random from(6);
  for (auto type : packing) {
    const auto plain = rig::sample(from, 6000);
    const auto packed = compress_all(type, levels_of(type).standard, plain);
    REQUIRE(packed);
    for (size_t round = 0; round < 400; ++round) {
      test::hostile("random damage and noise");
      auto broken = *packed;
      const auto at = rig::pick(from, 0, broken.size() - 1);
      broken[at] ^= static_cast<std::byte>(1 << rig::pick(from, 0, 7));
      auto k = make_decompress(type);
      const auto made = rig::drive_one(*k, broken, from);
      if (made.failure)
        CHECK(made.failure->code == errc::format);
      else if (type == compress_type::bz2)
        CHECK(made.out == plain);
    }
  }
}

TEST_CASE("decompress: noise is refused") {
  rig::random from(7);
  for (auto type : packing) {
    for (size_t length : {size_t{1}, size_t{4}, size_t{20}, size_t{5000}}) {
      test::hostile("random damage and noise");
      auto junk = rig::noise(from, length);
      junk[0] = std::byte{0};
      CHECK_FALSE(decompress_all(type, junk, 1 << 20));
    }
  }
}

TEST_CASE("decompress: the limit holds against bombs") {
  for (auto type : packing) {
    test::hostile("stored files that are damaged or expand");
    const bytes zeros(8 << 20);
    const auto packed = compress_all(type, levels_of(type).standard, zeros);
    REQUIRE(packed);
    CHECK((*packed).size() < 200'000);
    const auto made = decompress_all(type, *packed, 1 << 20);
    REQUIRE_FALSE(made);
    CHECK(made.failure().code == errc::format);
    CHECK(decompress_all(type, *packed, zeros.size()));
  }
}

TEST_CASE("decompress: several members, empty ones and what follows the end") {
  rig::random from(8);
  const auto plain = rig::sample(from, 3000);
  auto twice = plain;
  twice.insert(twice.end(), plain.begin(), plain.end());
  for (auto type : packing) {
    test::hostile("stored files that are damaged or expand");
    CAPTURE(compress_type_name(type));
    const int level = levels_of(type).standard;
    const bool frames = type == compress_type::zst || type == compress_type::lz4;
    const auto member = *compress_all(type, level, plain);
    const auto nothing = *compress_all(type, level, {});
    const auto unpack = [&](std::initializer_list<bytes> parts) {
      bytes file;
      for (const auto& p : parts)
        file.insert(file.end(), p.begin(), p.end());
      auto k = make_decompress(type);
      return rig::drive_one(*k, file, from, {500, 900});
    };
    const auto both = unpack({member, member});
    const auto with_empty = unpack({nothing, member, nothing, member, nothing});
    const auto garbage = unpack({member, bytes(9, std::byte{'x'})});
    CHECK(unpack({member}).out == plain);
    CHECK(garbage.failure);
    CHECK(garbage.failure->code == errc::format);
    CHECK(both.failure.has_value() == !frames);
    CHECK(with_empty.failure.has_value() == !frames);
    if (frames) {
      CHECK(both.out == twice);
      CHECK(with_empty.out == twice);
    } else {
      CHECK(both.failure->message == "unexpected data behind the end of compressed data");
    }
  }
}

TEST_CASE("decompress: gz: even one byte behind the end is seen, in both containers") {
  rig::random from(9);
  for (const bool raw : {false, true})
    for (size_t more = 0; more <= 12; ++more)
      for (const size_t length : {size_t{0}, size_t{1}, size_t{700}, size_t{9000}}) {
        CAPTURE(raw);
        CAPTURE(more);
        CAPTURE(length);
        auto packed = packer(compress_type::gz, 6, {.raw = raw});
        auto file = rig::drive_one(*packed, rig::noise(from, length), from, {500, 900}).out;
        file.insert(file.end(), more, std::byte{0});
        auto k = make_decompress(compress_type::gz, raw);
        const auto back = rig::drive_one(*k, file, from, {7, 900});
        CHECK(back.failure.has_value() == (more > 0));
        CHECK(back.out.size() == length);
      }
}

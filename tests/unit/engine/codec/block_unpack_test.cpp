// Super blocks come out as they went in, in any portions; what is damaged is told.
// SPDX-License-Identifier: MIT
#include "engine/codec/aes.hpp"
#include "engine/codec/block_unpack.hpp"
#include "engine/codec/compress.hpp"
#include "engine/codec/stepper.hpp"
#include "engine/codec/whole.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/generators.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::codec;
using pgbraid::test::between;

namespace {

constexpr const char* class_of_files = "stored files that are damaged or expand";

struct packed {
  std::string stored;
  std::vector<super_block> blocks;
  std::string plain;
};

std::string pack(const std::string& plain, compress_type type, const std::string& pass) {
  auto bytes = compress_all(type, levels_of(type).standard, as_bytes(plain), {.raw = true});
  RC_ASSERT(static_cast<bool>(bytes));
  if (!pass.empty()) {
    const auto encrypt = make_encrypt(pass, {.raw = true});
    bytes = transform_all(*encrypt, *bytes, 1 << 30);
    RC_ASSERT(static_cast<bool>(bytes));
  }
  return std::string(as_text(*bytes));
}

packed any_blocks(compress_type type, const std::string& pass) {
  packed out;
  const auto count = *between<int>(1, 4);
  for (int i = 0; i < count; ++i) {
    std::string plain(*between<size_t>(1, 200000), static_cast<char>('a' + i));
    for (size_t at = 0; at < plain.size(); at += 3)
      plain[at] = static_cast<char>(at * 2654435761U >> 24);
    const auto stored = pack(plain, type, pass);
    const auto skip = *between<size_t>(0, 1) * *between<size_t>(1, 300);
    out.stored += std::string(skip, '?') + stored;
    out.blocks.push_back({skip, stored.size(), plain.size()});
    out.plain += plain;
  }
  return out;
}

super_block_source source_of(const std::vector<super_block>& blocks) {
  return [&blocks, next = size_t{0}]() mutable {
    return next == blocks.size() ? std::nullopt : std::optional(blocks[next++]);
  };
}

/// Feeds in portions, as a lane would.
result<std::string> unpack(block_unpack_kernel& with, const packed& of, size_t in_bytes,
                           size_t out_bytes) {
  const auto stream = with.open(source_of(of.blocks));
  std::string made;
  std::vector<std::byte> room(out_bytes);
  auto left = as_bytes(of.stored);
  for (bool ended = false; !ended;) {
    const auto portion = left.first(std::min(in_bytes, left.size()));
    left = left.subspan(portion.size());
    auto from = window_of(portion, left.empty());
    while (from.fresh) {
      window piece;
      if (auto stepped = transform(with, *stream, from, room, piece); !stepped)
        return stepped.failure();
      made += as_text(piece.bytes);
      ended = piece.last;
      if (ended)
        break;
    }
  }
  return made;
}

errc code_of(const packed& of, compress_type type, const std::string& pass) {
  test::hostile(class_of_files);
  block_unpack_kernel kernel(type, pass);
  const auto made = unpack(kernel, of, 1000, 1 << 20);
  REQUIRE_FALSE(made);
  return made.failure().code;
}

} // namespace

TEST_CASE("block unpack: any super blocks in any portions, every container") {
  for (const auto type : all_compress_types)
    for (const std::string pass : {"", "pass"}) {
      CAPTURE(compress_type_name(type));
      CAPTURE(pass);
      block_unpack_kernel kernel(type, pass);
      test::for_all(
          [&] {
            const auto of = any_blocks(type, pass);
            const auto made = unpack(kernel, of, *rc::gen::element<size_t>(7, 1000, 1 << 20),
                                     *rc::gen::element<size_t>(100, 4096, 1 << 20));
            RC_ASSERT(static_cast<bool>(made));
            RC_ASSERT(*made == of.plain);
          },
          type == compress_type::bz2 ? 3 : 8);
    }
}

TEST_CASE("block unpack: each truncation, more, and sizes that are not true") {
  for (const auto type : all_compress_types)
    for (const std::string pass : {"", "pass"}) {
      CAPTURE(compress_type_name(type));
      CAPTURE(pass);
      const std::string plain(300, 'p'); // as many lengths, times two, where nothing is compressed
      const auto stored = pack(plain, type, pass);
      const packed good{stored, {{0, stored.size(), plain.size()}}, plain};
      for (size_t length = 0; length < stored.size(); ++length) {
        auto cut = good;
        cut.stored.resize(length);
        CAPTURE(length);
        const auto code = code_of(cut, type, pass);
        CHECK((code == errc::format || code == errc::crypto));
        // The same, where the map agrees with what is there.
        if (length == 0)
          continue;
        cut.blocks[0].stored_bytes = length;
        const auto other = code_of(cut, type, pass);
        CHECK((other == errc::format || other == errc::crypto));
      }
      auto more = good;
      more.stored += "x";
      CHECK(code_of(more, type, pass) == errc::format);
      auto large = good;
      large.blocks[0].plain_bytes -= 1;
      CHECK(code_of(large, type, pass) == errc::format);
      auto small = good;
      small.blocks[0].plain_bytes += 1;
      CHECK(code_of(small, type, pass) == errc::format);
    }
}

TEST_CASE("block unpack: a wrong passphrase, and what expands without end") {
  // One wrong passphrase in 256 leaves padding that looks right: what it opens is no frame.
  std::set<errc> said;
  for (int i = 0; i < 600; ++i) {
    const auto stored = pack("plain", compress_type::zst, "right");
    said.insert(code_of({stored, {{0, stored.size(), 5}}, ""}, compress_type::zst, "wrong"));
  }
  said.erase(errc::format);
  CHECK(said == std::set{errc::crypto});
  const auto bomb = pack(std::string(64 << 20, '0'), compress_type::zst, "");
  CHECK(code_of({bomb, {{0, bomb.size(), 8192}}, ""}, compress_type::zst, "") == errc::format);
}

TEST_CASE("block unpack: nothing is nothing") {
  block_unpack_kernel kernel(compress_type::zst, "");
  CHECK(unpack(kernel, {}, 1, 1)->empty());
}

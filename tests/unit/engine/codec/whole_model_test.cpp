// Containers of the written format, limits to the byte, and damage below encryption.
// SPDX-License-Identifier: MIT
#include "engine/codec/aes.hpp"
#include "engine/codec/cipher_key.hpp"
#include "engine/codec/cipher_text.hpp"
#include "engine/codec/compress.hpp"
#include "engine/codec/container_kernel.hpp"
#include "engine/codec/whole.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/engine/codec/rig.hpp"
#include "tests/unit/generators.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace pgbraid;
using namespace pgbraid::codec;
using rig::bytes;
using test::between;

namespace {

constexpr std::array packing{compress_type::gz, compress_type::lz4, compress_type::zst,
                             compress_type::bz2};

bytes from_hex(std::string_view text) {
  bytes out;
  for (size_t i = 0; i < text.size(); i += 2)
    out.push_back(static_cast<std::byte>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16)));
  return out;
}

bytes any_content(size_t most) {
  rig::random from(*rc::gen::arbitrary<uint32_t>());
  return rig::sample(from, *between<size_t>(0, most));
}

std::string text_of(const bytes& of) {
  return std::string(as_text(of));
}

} // namespace

TEST_CASE("container model: PG_VERSION in each container of section 10") {
  const struct {
    compress_type type;
    bool raw;
    const char* packed;
  } table[] = {
      {compress_type::gz, false, "1f8b08000000000000ff3334e502001d7d0c9803000000"},
      {compress_type::gz, false, "1f8b08000000000000033334e502001d7d0c9803000000"},
      {compress_type::gz, true, "789c3334e50200010a0071"},
      {compress_type::lz4, false, "04224d1844405e0300008031350a0000000092841dab"},
      {compress_type::lz4, true, "04224d184040c00300008031350a00000000"},
      {compress_type::zst, false, "28b52ffd200319000031350a"},
      {compress_type::zst, true, "28b52ffd200319000031350a"},
      {compress_type::bz2, false,
       "425a6839314159265359e799ed7e000000c800001022002000219819846177245385090e799ed7e0"}};
  for (const auto& row : table) {
    CAPTURE(compress_type_name(row.type));
    CAPTURE(row.raw);
    const auto plain = decompress_all(row.type, from_hex(row.packed), 100, row.raw);
    REQUIRE(plain);
    CHECK(text_of(*plain) == "15\n");
  }
}

TEST_CASE("container model: the key and the two containers of section 11") {
  aes_salt salt{};
  const auto salt_bytes = from_hex("0123456789abcdef");
  std::ranges::copy(salt_bytes, salt.begin());
  const cipher_key key("page", salt);
  CHECK(to_hex(key.key) == "5920ec76c079bbdc85165f2be6ee7eace6d7e1c029297886074595656c4567f7");
  CHECK(to_hex(key.iv) == "e6c159273a0acb5d12b30cb0a6d2af61");
  const struct {
    bool raw;
    const char* cipher;
  } table[] = {{false, "53616c7465645f5f0123456789abcdef8fe6a91b0db432000e994bac8ec452c7"},
               {true, "0123456789abcdef8fe6a91b0db432000e994bac8ec452c7"}};
  for (const auto& row : table) {
    const auto cipher = from_hex(row.cipher);
    const auto opened = make_decrypt("page", row.raw);
    CHECK(text_of(*transform_all(*opened, cipher, 100)) == "15\n");
    const auto sealed =
        make_encrypt("page", {.raw = row.raw, .salt = [&]() -> result<aes_salt> { return salt; }});
    CHECK(*transform_all(*sealed, as_bytes("15\n"), 100) == cipher);
  }
}

TEST_CASE("container model: a limit is the last size that is taken, for each type") {
  test::for_all(
      [] {
        const auto type = *rc::gen::elementOf(packing);
        const auto plain = any_content(20'000);
        const auto packed = *compress_all(type, levels_of(type).standard, plain);
        RC_ASSERT((*decompress_all(type, packed, plain.size()) == plain));
        if (!plain.empty()) {
          const auto less = *between<uint64_t>(0, plain.size() - 1);
          const auto refused = decompress_all(type, packed, less);
          RC_ASSERT(!refused);
          RC_ASSERT((refused.failure().code == errc::format));
        }
      },
      60);
}

TEST_CASE("container model: a level packs, whatever it is, what another one unpacks") {
  test::for_all(
      [] {
        const auto type = *rc::gen::elementOf(packing);
        const auto range = levels_of(type);
        const auto level = *between(range.low, std::min(range.high, 12));
        const compress_options options{
            .raw = *rc::gen::arbitrary<bool>(),
            .engine = *rc::gen::element(gz_engine::automatic, gz_engine::zlib, gz_engine::isal)};
        const auto plain = any_content(9000);
        const auto packed = compress_all(type, level, plain, options);
        RC_ASSERT(bool(packed));
        RC_ASSERT((*decompress_all(type, *packed, plain.size(), options.raw) == plain));
        // gz alone has two containers that are not each other's.
        const auto other = decompress_all(type, *packed, plain.size(), !options.raw);
        RC_ASSERT(bool(other) == (type != compress_type::gz));
      },
      60);
}

TEST_CASE("container model: files of all kinds, stepped together, in any windows") {
  test::for_all(
      [] {
        rig::random from(*rc::gen::arbitrary<uint32_t>());
        const auto type = *rc::gen::elementOf(packing);
        container_kernel both(make_decompress(type, false), make_decompress(type, true));
        CHECK(both.transforms());
        struct one {
          bytes plain;
          bytes packed;
          std::unique_ptr<stream> state;
          byte_view left;
          bytes out;
          bool over = false;
        };
        std::vector<one> files(*between<size_t>(1, 6));
        for (auto& file : files) {
          const auto kind = *between(0, 2);
          if (kind < 2) {
            file.plain = any_content(3000);
            file.packed =
                *compress_all(type, levels_of(type).standard, file.plain, {.raw = kind == 1});
          }
          file.state = kind == 0 ? both.open() : kind == 1 ? both.open_raw() : both.open_empty();
          file.left = file.packed;
        }
        for (int step = 0; step < 100'000; ++step) {
          std::vector<job> jobs;
          std::vector<one*> of;
          bytes room(6 * 700);
          for (auto& file : files) {
            if (file.over || rig::pick(from, 0, 3) == 0)
              continue;
            const auto length = std::min(file.left.size(), rig::pick(from, 0, 900));
            jobs.push_back(
                {.state = file.state.get(),
                 .in = file.left.first(length),
                 .last = length == file.left.size(),
                 .out = byte_span(room).subspan(jobs.size() * 700, rig::pick(from, 1, 700))});
            of.push_back(&file);
          }
          const auto before = jobs;
          both.run(jobs);
          for (size_t i = 0; i < jobs.size(); ++i) {
            RC_ASSERT(!jobs[i].failure.has_value());
            RC_ASSERT((jobs[i].state == of[i]->state.get())); // Its own, for the next step.
            of[i]->left = of[i]->left.subspan(before[i].in.size() - jobs[i].in.size());
            const auto filled = before[i].out.size() - jobs[i].out.size();
            of[i]->out.insert(of[i]->out.end(), before[i].out.begin(),
                              before[i].out.begin() + static_cast<std::ptrdiff_t>(filled));
            of[i]->over = jobs[i].finished;
          }
          if (std::ranges::all_of(files, &one::over))
            break;
        }
        for (const auto& file : files) {
          RC_ASSERT(file.over);
          RC_ASSERT((file.out == file.plain));
        }
      },
      30);
}

TEST_CASE("container model: damage below encryption is found, or does no harm") {
  int refused = 0;
  test::for_all(
      [&] {
        test::hostile("random damage and noise");
        // Those with a checksum of their content.
        const auto type =
            *rc::gen::element(compress_type::gz, compress_type::lz4, compress_type::bz2);
        const auto plain = any_content(2000);
        const auto packed = *compress_all(type, levels_of(type).standard, plain);
        auto cipher = *encrypt_all(packed, "pass");
        const auto at = *between<size_t>(0, cipher.size() - 1);
        switch (*between(0, 2)) {
        case 0:
          cipher[at] ^= std::byte{1} << *between(0, 7);
          break;
        case 1:
          cipher.resize(at);
          break;
        default:
          cipher.insert(cipher.begin() + static_cast<std::ptrdiff_t>(at), std::byte{0x55});
        }
        const auto opened = decrypt_all(cipher, "pass");
        if (!opened) {
          RC_ASSERT((opened.failure().code == errc::crypto));
          ++refused;
          return;
        }
        const auto back = decompress_all(type, *opened, 1 << 20);
        if (back)
          RC_ASSERT((*back == plain));
        else
          RC_ASSERT((back.failure().code == errc::format));
        refused += back ? 0 : 1;
      },
      200);
  CHECK(refused >= 150);
}

TEST_CASE("container model: a wrong passphrase opens nothing that unpacks") {
  test::for_all(
      [] {
        test::hostile("stored files that are damaged or expand");
        const auto right = *test::text_of("abc", 4);
        const auto wrong = *test::text_of("abc", 4);
        RC_PRE(right != wrong);
        const auto plain = any_content(500);
        const auto packed = *compress_all(compress_type::gz, 6, plain);
        const auto cipher = *encrypt_all(packed, right);
        RC_ASSERT((*decrypt_all(cipher, right) == packed));
        const auto opened = decrypt_all(cipher, wrong);
        // Padding looks right once in some 250 times; what is in it is noise.
        if (opened)
          RC_ASSERT(!decompress_all(compress_type::gz, *opened, 1 << 20));
      },
      100);
}

TEST_CASE("container model: encryption takes as much room as is counted for it") {
  test::for_all([] {
    const auto plain = any_content(5000);
    for (const bool raw : {false, true}) {
      const auto sealed = make_encrypt("p", {.raw = raw});
      const auto cipher = *transform_all(*sealed, plain, 10'000);
      RC_ASSERT(cipher.size() == encrypted_size(plain.size(), raw));
      // Section 11.2: 16 or 8, and 16 * (N / 16 + 1).
      RC_ASSERT(cipher.size() == (raw ? 8U : 16U) + 16 * (plain.size() / 16 + 1));
      RC_ASSERT(!transform_all(*make_encrypt("p", {.raw = raw}), plain, cipher.size() - 1));
    }
  });
}

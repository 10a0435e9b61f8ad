// What is taken of a file comes out of its super blocks again.
// SPDX-License-Identifier: MIT
#include "engine/codec/block_pack.hpp"
#include "engine/codec/block_unpack.hpp"
#include "engine/codec/stepper.hpp"
#include "tests/unit/generators.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::codec;
using pgbraid::test::between;

namespace {

/// Takes some blocks, and remembers all that it hears.
class noting_judge final : public block_judge {
public:
  explicit noting_judge(std::vector<bool> wanted) : wanted_(std::move(wanted)) {}
  bool takes(const block_sum& sum, uint64_t plain_bytes) override {
    sums.push_back(sum);
    sizes.push_back(plain_bytes);
    return wanted_.empty() || wanted_[(sums.size() - 1) % wanted_.size()];
  }
  void packed(uint64_t plain_bytes, uint64_t stored_bytes) override {
    supers.push_back({0, stored_bytes, plain_bytes});
  }

  std::vector<block_sum> sums;
  std::vector<uint64_t> sizes;
  std::vector<super_block> supers;

private:
  std::vector<bool> wanted_;
};

std::string run(kernel& with, stream& state, std::string_view in, size_t in_bytes,
                size_t out_bytes) {
  std::string made;
  std::vector<std::byte> room(out_bytes);
  auto left = as_bytes(in);
  for (bool ended = false; !ended;) {
    const auto portion = left.first(std::min(in_bytes, left.size()));
    left = left.subspan(portion.size());
    auto from = window_of(portion, left.empty());
    while (from.fresh && !ended) {
      window piece;
      const auto stepped = transform(with, state, from, room, piece);
      RC_ASSERT(static_cast<bool>(stepped));
      made += as_text(piece.bytes);
      ended = piece.last;
    }
  }
  return made;
}

std::string any_content() {
  std::string out(*between<size_t>(0, 300000), 'x');
  const auto step = *between<size_t>(1, 50);
  for (size_t i = 0; i < out.size(); i += step)
    out[i] = static_cast<char>((i + 1) * 2654435761U >> 24);
  return out;
}

} // namespace

TEST_CASE("block pack: every container, any blocks taken, in any portions") {
  for (const auto type : all_compress_types)
    for (const std::string pass : {"", "pass"}) {
      CAPTURE(compress_type_name(type));
      CAPTURE(pass);
      auto pack =
          block_pack_kernel::make(type, levels_of(type).standard, gz_engine::automatic, pass);
      REQUIRE(pack);
      block_unpack_kernel unpack(type, pass);
      test::for_all(
          [&] {
            const auto plain = any_content();
            const uint64_t block = 8192 * *between<uint64_t>(1, 3);
            const auto super = block * *between<uint64_t>(1, 8);
            const auto wanted = *rc::gen::container<std::vector<bool>>(rc::gen::arbitrary<bool>());
            const auto judge = std::make_shared<noting_judge>(wanted);
            const auto in = *rc::gen::element<size_t>(77, 5000, 100000, 1 << 20);
            const auto out = *rc::gen::element<size_t>(50, 4096, 1 << 20);
            const auto stored = run(**pack, *(*pack)->open({block, super, judge}), plain, in, out);

            std::string taken;
            for (size_t at = 0, number = 0; at < plain.size(); at += block, ++number) {
              const auto piece = plain.substr(at, block);
              RC_ASSERT(judge->sums.at(number) == block_sum_of(as_bytes(piece)));
              RC_ASSERT(judge->sizes.at(number) == piece.size());
              if (wanted.empty() || wanted[number % wanted.size()])
                taken += piece;
            }
            RC_ASSERT(judge->sums.size() == (plain.size() + block - 1) / block);
            uint64_t sum = 0;
            for (const auto& one : judge->supers) {
              RC_ASSERT(one.plain_bytes <= super);
              RC_ASSERT(&one == &judge->supers.back() || one.plain_bytes == super);
              sum += one.stored_bytes;
            }
            RC_ASSERT(sum == stored.size());
            const auto stream =
                unpack.open([&, next = size_t{0}]() mutable -> std::optional<super_block> {
                  return next == judge->supers.size() ? std::nullopt
                                                      : std::optional(judge->supers[next++]);
                });
            RC_ASSERT(run(unpack, *stream, stored, in, out) == taken);
          },
          type == compress_type::bz2 ? 3 : 8);
    }
}

TEST_CASE("block pack: a level that the type does not know") {
  CHECK_FALSE(block_pack_kernel::make(compress_type::zst, 1000, gz_engine::automatic, ""));
}

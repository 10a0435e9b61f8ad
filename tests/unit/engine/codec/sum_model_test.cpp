// Checksums against slow ones that follow their descriptions, bit by bit and word by word.
// SPDX-License-Identifier: MIT
#include "engine/codec/crc32c.hpp"
#include "engine/codec/digest.hpp"
#include "engine/codec/page_check.hpp"
#include "engine/codec/page_checksum.hpp"
#include "tests/unit/engine/codec/rig.hpp"
#include "tests/unit/generators.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <set>

using namespace pgbraid;
using namespace pgbraid::codec;
using rig::bytes;
using test::between;

namespace {

bytes any_bytes(size_t most) {
  rig::random from(*rc::gen::arbitrary<uint32_t>());
  return rig::noise(from, *between<size_t>(0, most));
}

/// CRC-32C as its polynomial says: one bit after the other.
uint32_t slow_crc(byte_view of) {
  uint32_t value = UINT32_MAX;
  for (const auto byte : of) {
    value ^= std::to_integer<uint32_t>(byte);
    for (int bit = 0; bit < 8; ++bit)
      value = value >> 1 ^ (value % 2 == 1 ? 0x82F63B78 : 0);
  }
  return ~value;
}

/// engine/format/README.md, section 12, its four steps and its seeds.
uint16_t slow_page_sum(bytes page, uint32_t number) {
  constexpr uint32_t seeds[32] = {
      0x5b1f36e9, 0xb8525960, 0x02ab50aa, 0x1de66d2a, 0x79ff467a, 0x9bb9f8a3, 0x217e7cd2,
      0x83e13d2c, 0xf8d4474f, 0xe39eb970, 0x42c6ae16, 0x993216fa, 0x7b093b5d, 0x98daff3c,
      0xf718902a, 0x0b1c9cdb, 0xe58f764b, 0x187636bc, 0x5d7b3bb1, 0xe73de7de, 0x92bec979,
      0xcca6c0b2, 0x304a0979, 0x85aa43d4, 0x783125bb, 0x6ca8eaa2, 0xe407eac6, 0x4b5cfc3e,
      0x9fbf8c76, 0x15ca20be, 0xf2ca9fd3, 0x959bd756};
  page[8] = page[9] = std::byte{0};
  page.resize(page.size() + 2 * 128); // Two more rows of zeros.
  uint32_t all = 0;
  for (size_t lane = 0; lane < 32; ++lane) {
    uint32_t sum = seeds[lane];
    for (size_t at = lane * 4; at < page.size(); at += 128) {
      uint32_t word = 0;
      for (size_t i = 4; i-- > 0;)
        word = word << 8 | std::to_integer<uint32_t>(page[at + i]);
      const uint32_t x = sum ^ word;
      sum = x * 16777619 ^ x >> 17;
    }
    all ^= sum;
  }
  return static_cast<uint16_t>((all ^ number) % 65535 + 1);
}

void set_sum(bytes& file, size_t page_bytes, size_t page, uint16_t sum) {
  std::memcpy(file.data() + page * page_bytes + 8, &sum, sizeof sum);
}

} // namespace

TEST_CASE("sum model: CRC-32C bit by bit, whole and in any parts") {
  test::for_all([] {
    const auto all = any_bytes(300);
    const auto wanted = slow_crc(all);
    const auto cut = *between<size_t>(0, all.size());
    for (const bool accelerated : {true, false}) {
      RC_ASSERT(crc32c(all, 0, accelerated) == wanted);
      const auto before = crc32c(byte_view(all).first(cut), 0, accelerated);
      RC_ASSERT(crc32c(byte_view(all).subspan(cut), before, accelerated) == wanted);
      RC_ASSERT(crc32c(byte_view(all).subspan(cut), before, !accelerated) == wanted);
    }
  });
}

TEST_CASE("sum model: the page of section 12, as page 0, 1 and 131077") {
  bytes page(8192);
  const unsigned char header[] = {0x28, 0, 0, 1,    0, 0,    0, 0,    0, 0, 0, 0,
                                  0x18, 0, 0, 0x20, 0, 0x20, 4, 0x20, 0, 0, 0, 0};
  std::memcpy(page.data(), header, sizeof header);
  for (const bool vectors : {true, false}) {
    CHECK(page_checksum(page, 0, vectors) == 0x59f9);
    CHECK(page_checksum(page, 1, vectors) == 0x59fa);
    CHECK(page_checksum(page, 131077, vectors) == 0x59f4);
  }
  CHECK(slow_page_sum(page, 1) == 0x59fa);
}

TEST_CASE("sum model: pages of each size word by word, the stored sum being ignored") {
  test::for_all([] {
    rig::random from(*rc::gen::arbitrary<uint32_t>());
    auto page = rig::noise(from, size_t{1024} << *between(0, 5));
    const auto number = *rc::gen::arbitrary<uint32_t>();
    const auto wanted = slow_page_sum(page, number);
    RC_ASSERT(wanted != 0); // 0 says that there is none.
    for (const bool vectors : {true, false}) {
      RC_ASSERT(page_checksum(page, number, vectors) == wanted);
      set_sum(page, page.size(), 0, static_cast<uint16_t>(number));
    }
  });
}

TEST_CASE(
    "sum model: which pages of a file are wrong, wherever it is cut and whatever else is read") {
  test::for_all(
      [] {
        const uint32_t page_bytes = 1024U << *between(0, 3);
        const auto segment = *between(0U, 5U);
        const uint64_t first = segment * ((uint64_t{1} << 30) / page_bytes);
        rig::random from(*rc::gen::arbitrary<uint32_t>());
        const auto count = *between<size_t>(0, 12);
        auto file = rig::noise(from, count * page_bytes);
        std::set<uint64_t> wrong;
        for (size_t page = 0; page < count; ++page) {
          auto here = byte_span(file).subspan(page * page_bytes, page_bytes);
          here[14] |= std::byte{1}; // It claims to have content.
          const bytes copy(here.begin(), here.end());
          auto sum = slow_page_sum(copy, static_cast<uint32_t>(first + page));
          switch (*between(0, 4)) {
          case 0: // A page of zeros is right.
            std::ranges::fill(here, std::byte{0});
            continue;
          case 1:
            sum = static_cast<uint16_t>(sum ^ 0x100);
            wrong.insert(first + page);
            break;
          default:
            break;
          }
          set_sum(file, page_bytes, page, sum);
        }
        const auto rest = *rc::gen::weightedElement<size_t>({{4, 0}, {1, 1}, {1, page_bytes - 1}});
        file.resize(file.size() + rest);
        // Other streams are stepped with it.
        page_check_kernel checker({.page_bytes = page_bytes});
        const auto state = checker.open({.segment = segment});
        const auto other = checker.open();
        for (byte_view left(file);;) {
          const auto length = *between<size_t>(0, std::min<size_t>(left.size(), 3 * page_bytes));
          const bool last = length == left.size();
          job jobs[] = {{.state = other.get(), .in = byte_view(file).first(length)},
                        {.state = state.get(), .in = left.first(length), .last = last}};
          checker.run(jobs);
          left = left.subspan(length);
          if (last)
            break;
        }
        const auto& verdict = page_check_kernel::verdict(*state);
        RC_ASSERT(verdict.misaligned == (rest != 0));
        RC_ASSERT(verdict.valid == (rest == 0 && wrong.empty()));
        std::set<uint64_t> told;
        uint64_t end = 0;
        for (const auto& [from_page, to_page] : verdict.bad) {
          RC_ASSERT((told.empty() || from_page > end + 1)); // Neighbours are joined.
          for (auto page = from_page; page <= to_page; ++page)
            told.insert(page);
          end = to_page;
        }
        RC_ASSERT(told == (rest == 0 ? wrong : std::set<uint64_t>()));
      },
      60);
}

TEST_CASE("sum model: SHA-1 of streams that begin and end at any time") {
  test::for_all(
      [] {
        digest_kernel sums(*rc::gen::arbitrary<bool>());
        struct one {
          bytes all;
          size_t given = 0;
          bool over = false;
          std::unique_ptr<stream> state;
        };
        std::vector<one> streams;
        size_t over = 0;
        for (int step = 0; step < 200 && (step < 20 || over < streams.size()); ++step) {
          if (step < 20 && *between(0, 2) == 0)
            streams.push_back({any_bytes(400), 0, false, sums.open()});
          std::vector<job> jobs;
          std::vector<one*> of;
          for (auto& s : streams)
            if (!s.over && (step >= 20 || *between(0, 1) == 0)) {
              const auto length =
                  *between<size_t>(0, std::min<size_t>(s.all.size() - s.given, 150));
              const bool last = s.given + length == s.all.size();
              jobs.push_back({.state = s.state.get(),
                              .in = byte_view(s.all).subspan(s.given, length),
                              .last = last});
              s.given += length;
              s.over = last;
              over += last ? 1 : 0;
              of.push_back(&s);
            }
          sums.run(jobs);
          for (size_t i = 0; i < jobs.size(); ++i) {
            RC_ASSERT(jobs[i].finished == of[i]->over);
            RC_ASSERT(jobs[i].in.empty());
          }
        }
        for (const auto& s : streams) {
          RC_ASSERT(digest_kernel::count(*s.state) == s.given);
          if (s.over)
            RC_ASSERT((digest_kernel::value(*s.state) == sha1_of(s.all)));
        }
      },
      40);
}

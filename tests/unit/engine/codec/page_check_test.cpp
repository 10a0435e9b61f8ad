// Page checksums against PostgreSQL's own pages, which a golden repository holds.
// SPDX-License-Identifier: MIT
#include "engine/codec/compress.hpp"
#include "engine/codec/page_check.hpp"
#include "engine/codec/page_checksum.hpp"
#include "tests/unit/engine/codec/golden.hpp"
#include "tests/unit/engine/codec/rig.hpp"

#include <cstring>

using namespace pgbraid;
using namespace pgbraid::codec;
using rig::bytes;

namespace {

page_verdict check(const bytes& file, rig::random& from, page_check_settings settings = {},
                   page_source source = {}, size_t piece_bytes = 50000) {
  page_check_kernel k(settings);
  auto s = k.open(std::move(source));
  byte_view rest(file);
  while (true) {
    job j{.state = s.get(),
          .in = rest.first(std::min(rest.size(), rig::pick(from, 0, piece_bytes))),
          .out = {}};
    rest = rest.subspan(j.in.size());
    j.last = rest.empty();
    k.run(std::span(&j, 1));
    REQUIRE_FALSE(j.failure);
    REQUIRE(j.in.empty());
    REQUIRE(j.finished == j.last);
    if (j.last)
      return page_check_kernel::verdict(*s);
  }
}

/// Pages of noise with a header that claims content and with right checksums.
bytes good_pages(rig::random& from, size_t count, uint32_t page_bytes, uint64_t first_number) {
  auto file = rig::noise(from, count * page_bytes);
  for (size_t i = 0; i < count; ++i) {
    auto page = byte_span(file).subspan(i * page_bytes, page_bytes);
    page[14] = std::byte{1};
    const auto sum = page_checksum(page, static_cast<uint32_t>(first_number + i));
    std::memcpy(page.data() + 8, &sum, sizeof sum);
  }
  return file;
}

} // namespace

TEST_CASE("page check: finds the bad pages of golden repository c") {
  const auto packed = rig::golden_file("c-2.59.1-lz4-pageerror",
                                       "backup/demo/20261121-231318F/pg_data/base/5/16384.lz4");
  const auto odd = rig::golden_file("c-2.59.1-lz4-pageerror",
                                    "backup/demo/20261121-231318F/pg_data/base/5/16389.lz4");
  if (!packed || !odd) {
    MESSAGE("skipped: ../shared/golden is not here (set PGBRAID_SHARED)");
    return;
  }
  const auto file = decompress_all(compress_type::lz4, *packed, 1 << 30);
  REQUIRE(file);
  rig::random from(1);
  const std::vector<page_range> expected{{3, 3}, {7, 9}, {12, 12}, {15, 15}};
  for (bool vectors : {true, false}) {
    for (size_t piece_bytes : {size_t{1} << 20, size_t{8192}, size_t{1000}}) {
      const auto verdict = check(*file, from, {.vectors = vectors}, {}, piece_bytes);
      CHECK_FALSE(verdict.valid);
      CHECK_FALSE(verdict.misaligned);
      CHECK(verdict.bad == expected);
    }
  }
  const auto misaligned = decompress_all(compress_type::lz4, *odd, 1 << 30);
  REQUIRE(misaligned);
  const auto verdict = check(*misaligned, from);
  CHECK_FALSE(verdict.valid);
  CHECK(verdict.misaligned);
  CHECK(verdict.bad.empty());
}

TEST_CASE("page check: page sizes, segments and both ways to compute") {
  rig::random from(2);
  for (uint32_t page_bytes = 1024; page_bytes <= 32768; page_bytes *= 2) {
    const uint64_t first = 3 * ((uint64_t{1} << 30) / page_bytes);
    auto file = good_pages(from, 9, page_bytes, first);
    for (bool vectors : {true, false}) {
      const page_check_settings settings{.page_bytes = page_bytes, .vectors = vectors};
      CHECK(check(file, from, settings, {.segment = 3}).valid);
      CHECK(check(file, from, settings, {.segment = 2}).bad ==
            std::vector<page_range>{{first / 3 * 2, first / 3 * 2 + 8}});
    }
    file[5 * page_bytes + 100] ^= std::byte{1};
    CHECK(check(file, from, {.page_bytes = page_bytes}, {.segment = 3}).bad ==
          std::vector<page_range>{{first + 5, first + 5}});
  }
}

TEST_CASE("page check: an empty file and new pages are good") {
  rig::random from(3);
  CHECK(check({}, from).valid);
  CHECK(check(bytes(5 * 8192), from).valid);
  CHECK(check(bytes(5 * 8192), from, {.header_check = false}).valid);
}

TEST_CASE("page check: an empty header on a page with content is an error") {
  rig::random from(4);
  auto file = good_pages(from, 3, 8192, 0);
  file[8192 + 14] = file[8192 + 15] = std::byte{0};
  const auto sum = page_checksum(byte_view(file).subspan(8192, 8192), 1);
  std::memcpy(file.data() + 8192 + 8, &sum, sizeof sum);
  CHECK(check(file, from).bad == std::vector<page_range>{{1, 1}});
  CHECK(check(file, from, {.header_check = false}).valid);
  file[8192 + 8] = file[8192 + 9] = std::byte{0};
  CHECK(check(file, from, {.header_check = false}).bad == std::vector<page_range>{{1, 1}});
}

TEST_CASE("page check: any remainder hides the list") {
  rig::random from(5);
  auto file = good_pages(from, 3, 8192, 0);
  file[8192 + 500] ^= std::byte{1};
  for (size_t remainder : {size_t{1}, size_t{511}, size_t{512}, size_t{700}, size_t{8191}}) {
    auto longer = file;
    longer.resize(file.size() + remainder);
    const auto verdict = check(longer, from);
    CHECK_FALSE(verdict.valid);
    CHECK(verdict.misaligned);
    CHECK(verdict.bad.empty());
  }
}

TEST_CASE("page check: a page that changed since is good, one that did not is bad") {
  rig::random from(6);
  auto file = good_pages(from, 6, 8192, 0);
  for (size_t page : {1, 2, 4})
    file[page * 8192 + 500] ^= std::byte{1};
  size_t reads = 0;
  const auto again = [&](byte_span into, uint64_t offset_bytes) -> result<size_t> {
    ++reads;
    REQUIRE(into.size() == 8192);
    std::memcpy(into.data(), file.data() + offset_bytes, into.size());
    if (offset_bytes == 2 * 8192)
      into[3000] ^= std::byte{1};
    return offset_bytes == 4 * 8192 ? size_t{100} : into.size();
  };
  const auto verdict = check(file, from, {}, {.read_again = again});
  CHECK(verdict.bad == std::vector<page_range>{{1, 1}});
  CHECK(reads == 3);
}

TEST_CASE("page check: a failure to read again fails the stream") {
  page_check_kernel k;
  auto s = k.open({.read_again = [](byte_span, uint64_t) -> result<size_t> {
    return error{errc::file_read, "unable to read"};
  }});
  const bytes bad(8192, std::byte{7});
  job j{.state = s.get(), .in = bad, .last = true, .out = {}};
  k.run(std::span(&j, 1));
  REQUIRE(j.failure);
  CHECK(j.failure->code == errc::file_read);
  CHECK_FALSE(j.finished);
}

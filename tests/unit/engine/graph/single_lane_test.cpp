// One file through a graph without actors: every codec, branches, limits, failures.
// SPDX-License-Identifier: MIT
#include "engine/base/stop_signal.hpp"
#include "engine/codec/aes.hpp"
#include "engine/codec/cipher_text.hpp"
#include "engine/codec/compress.hpp"
#include "engine/codec/digest.hpp"
#include "engine/graph/single_lane.hpp"
#include "engine/graph/whole_file.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/storage/faulty_memory.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <memory>
#include <span>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::graph;

namespace {

constexpr uint64_t mib = 1 << 20;

/// Text that neither repeats soon nor compresses to nothing.
std::string content_of(size_t bytes) {
  std::string text;
  for (uint32_t i = 0; text.size() < bytes; ++i)
    text += std::to_string(i * 2654435761U);
  text.resize(bytes);
  return text;
}

struct rig {
  test::faulty_memory files;

  std::unique_ptr<io::reader> source(std::string_view content) {
    REQUIRE(write_all(files, "in", content));
    auto opened = files.open_read("in");
    REQUIRE(opened);
    return std::move(*opened);
  }
  std::unique_ptr<io::writer> target(std::string_view path) {
    auto opened = files.open_write(path);
    REQUIRE(opened);
    return std::move(*opened);
  }
};

/// Brings bytes without an end, and counts how often it was asked.
class endless_reader final : public io::reader {
public:
  result<size_t> read(byte_span out) override {
    ++reads;
    std::ranges::fill(out, std::byte{0});
    return out.size();
  }
  result<size_t> read_at(byte_span out, uint64_t) override { return read(out); }
  int reads = 0;
};

/// Makes much of little, as what unpacks a hostile file does; counts its steps.
class flood_kernel final : public codec::kernel {
public:
  std::unique_ptr<codec::stream> open() override { return std::make_unique<codec::stream>(); }
  void run(std::span<codec::job> jobs) override {
    ++steps;
    for (auto& job : jobs)
      job.out = {}; // and `in` stays: there is more to come
  }
  bool transforms() const override { return true; }
  static inline int steps = 0;
};

constexpr node_row flood_row{
    .name = "flood",
    .make = [](const codec::file_rules&) -> result<std::unique_ptr<codec::kernel>> {
      return std::unique_ptr<codec::kernel>(std::make_unique<flood_kernel>());
    },
    .changes_bytes = true};

single_lane lane(const logical_graph& of) {
  auto made = single_lane::make(of);
  REQUIRE(made);
  return std::move(*made);
}

/// No kernel at all.
logical_graph nothing_done() {
  return backup_graph({.rules = {.checksum = false}});
}

/// The plain bytes of what a branch got.
std::string unsealed(std::string_view stored, std::string_view pass) {
  const auto packed = codec::decrypt_all(as_bytes(stored), pass);
  REQUIRE(packed);
  const auto plain = codec::decompress_all(compress_type::lz4, *packed, 4 * mib);
  REQUIRE(plain);
  return std::string(as_text(*plain));
}

codec::sha1_digest checksum_of(const single_lane& of) {
  return codec::digest_kernel::value(*of.streams().of(finding::checksum));
}

} // namespace

TEST_CASE_FIXTURE(rig, "single lane: what is packed and sealed comes back, at every chunk border") {
  for (const size_t bytes : {size_t{0}, size_t{1}, mib - 1, size_t{mib}, mib + 1, 3 * mib}) {
    for (const auto type : all_compress_types) {
      const auto content = content_of(bytes);
      const codec::file_rules rules{.compression = type,
                                    .compress_level = codec::levels_of(type).standard,
                                    .cipher_pass = secret("secret")};
      auto packing = lane(backup_graph({.rules = rules}));
      auto out = target("out");
      auto end = write_to(*out);
      const auto read = packing.run(*source(content), end);
      REQUIRE(read);
      CHECK(*read == bytes);
      REQUIRE(io::commit(*out));
      CHECK(checksum_of(packing) == codec::sha1_of(as_bytes(content)));

      const auto sealed = files.content("out");
      REQUIRE(sealed);
      CHECK(end.arrived_bytes == sealed->size());
      const auto packed = codec::decrypt_all(as_bytes(*sealed), "secret");
      REQUIRE(packed);
      const auto plain = codec::decompress_all(type, *packed, 4 * mib);
      REQUIRE(plain);
      CHECK(as_text(*plain) == content);

      auto unpacking = lane(restore_graph({.rules = rules}));
      std::string back;
      branch_end kept{.take = [&back](byte_view piece) {
        back += as_text(piece);
        return success();
      }};
      REQUIRE(unpacking.run(as_bytes(*sealed), kept));
      CHECK((back == content));
      CHECK(checksum_of(unpacking) == checksum_of(packing));
    }
  }
}

TEST_CASE_FIXTURE(rig, "single lane: branches share what is in front of them and nothing else") {
  const auto content = content_of(2 * mib + 5);
  std::array<codec::file_rules, 3> each;
  each[0].cipher_pass = secret("one");
  each[2].cipher_pass = secret("two");
  const auto nodes = push_graph({.compression = compress_type::lz4, .compress_level = 1}, each);
  std::vector<std::string_view> names;
  for (const auto& at : nodes.nodes)
    names.push_back(at.row->name);
  CHECK(names == std::vector<std::string_view>{"read", "checksum", "compress", "encrypt", "write",
                                               "write", "encrypt", "write"});
  std::vector<size_t> behind_compress;
  for (const auto& edge : nodes.edges)
    if (edge.from == 2)
      behind_compress.push_back(edge.to);
  CHECK(behind_compress == std::vector<size_t>{3, 5, 6});

  auto all = lane(nodes);
  std::array<std::string, 3> got;
  std::array<branch_end, 3> ends;
  for (size_t i = 0; i < 3; ++i)
    ends[i].take = [&to = got[i]](byte_view piece) {
      to += as_text(piece);
      return success();
    };
  REQUIRE(all.run(as_bytes(content), ends));
  CHECK(checksum_of(all) == codec::sha1_of(as_bytes(content)));
  CHECK((unsealed(got[0], "one") == content));
  CHECK((unsealed(got[2], "two") == content));
  const auto plain = codec::decompress_all(compress_type::lz4, as_bytes(got[1]), 4 * mib);
  REQUIRE(plain);
  CHECK((as_text(*plain) == content));
}

TEST_CASE_FIXTURE(rig, "single lane: a branch that breaks does not stop the others") {
  const auto content = content_of(2 * mib);
  auto first = target("first");
  auto second = target("second");
  std::array ends{write_to(*first, mib), write_to(*second)};
  REQUIRE(lane(nothing_done()).run(*source(content), ends));
  REQUIRE(ends[0].failure);
  CHECK(ends[0].failure->code == errc::format);
  CHECK(!ends[1].failure);
  CHECK(ends[1].arrived_bytes == 2 * mib);
  REQUIRE(io::commit(*second));
  CHECK(files.content("second") == content);
}

TEST_CASE_FIXTURE(rig, "single lane: errors of source, node and end come out") {
  const auto in = source(content_of(100));
  files.fail(storage_verb::read, 1, {errc::file_read, "broken"});
  auto out = target("out");
  auto end = write_to(*out);
  const auto unread = lane(nothing_done()).run(*in, end);
  REQUIRE(!unread);
  CHECK(unread.failure().code == errc::file_read);
  files.clear_faults();

  auto unpacking = lane(restore_graph({.rules = {.compression = compress_type::zst}}));
  const auto garbage = unpacking.run(*source("no zstd at all"), end);
  REQUIRE(!garbage);
  CHECK(garbage.failure().code == errc::format);

  const auto good = source("abc");
  files.fail(storage_verb::write, 1, {errc::file_write, "full"});
  const auto unwritten = lane(nothing_done()).run(*good, end);
  REQUIRE(!unwritten);
  CHECK(unwritten.failure().code == errc::file_write);

  const auto unmade = single_lane::make(
      backup_graph({.rules = {.compression = compress_type::bz2, .compress_level = 77}}));
  REQUIRE(!unmade);
  CHECK(unmade.failure().code == errc::option_invalid_value);
}

TEST_CASE_FIXTURE(rig, "single lane: content in memory goes the same way as a file") {
  for (const size_t bytes : {size_t{0}, size_t{1}, mib - 1, size_t{mib}, mib + 1, 3 * mib}) {
    const auto content = content_of(bytes);
    auto out = target("out");
    auto end = write_to(*out);
    auto through = lane(backup_graph({}));
    const auto moved = through.run(as_bytes(content), end);
    REQUIRE(moved);
    CHECK(*moved == bytes);
    REQUIRE(io::commit(*out));
    CHECK(*read_all(files, "out", 4 * mib) == content);
    CHECK(checksum_of(through) == codec::sha1_of(as_bytes(content)));
  }
}

TEST_CASE_FIXTURE(rig, "single lane: nothing is unpacked any more when nobody takes it") {
  test::hostile("stored files that are damaged or expand", 3);
  const auto flooded = restore_graph({}, {&flood_row, 1});
  auto out = target("out");
  auto end = write_to(*out, 3 * mib);
  flood_kernel::steps = 0;
  const auto one = lane(flooded).run(*source("bomb"), end);
  REQUIRE(!one);
  CHECK(one.failure().code == errc::format);
  CHECK(one.failure().message.find("limit of 3145728 bytes: there are 4194304") !=
        std::string::npos);
  CHECK(flood_kernel::steps == 4);

  std::array<branch_end, 2> ends; // only counted
  ends[0].limit_bytes = mib;
  ends[1].limit_bytes = 2 * mib;
  flood_kernel::steps = 0;
  CHECK(lane(flooded).run(*source("bomb"), ends));
  CHECK(flood_kernel::steps == 3);
  CHECK(ends[0].failure);
  CHECK(ends[1].failure);

  endless_reader endless;
  std::array<branch_end, 1> only;
  only[0].limit_bytes = mib;
  CHECK(lane(nothing_done()).run(endless, only));
  CHECK(only[0].failure);
  CHECK(endless.reads == 2);
}

TEST_CASE("single lane: ends at a signal while signals are polled") {
  endless_reader endless;
  std::array<branch_end, 1> nowhere;
  nowhere[0].limit_bytes = 3 * mib;
  stop_signal = SIGTERM;
  CHECK(lane(nothing_done()).run(endless, nowhere)); // its handler ends the process
  CHECK(endless.reads == 4);
  const auto stopped = [&] {
    const polled_signals polling;
    return lane(nothing_done()).run(endless, nowhere);
  }();
  stop_signal = 0;
  REQUIRE_FALSE(stopped);
  CHECK(stopped.failure().code == errc::term);
  CHECK(endless.reads == 4);
  CHECK_FALSE(stop_is_polled());
}

TEST_CASE("whole file: is what a backup stores of it, with the checksums of both ends") {
  const auto content = content_of(70000);
  for (const auto type : all_compress_types)
    for (const auto* pass : {"", "secret"}) {
      CAPTURE(compress_type_name(type));
      CAPTURE(pass);
      const auto packed = pack_file({.compression = type,
                                     .compress_level = codec::levels_of(type).standard,
                                     .cipher_pass = secret(pass),
                                     .checksum_page = true},
                                    as_bytes(content));
      REQUIRE(packed);
      auto bytes = packed->stored;
      if (*pass != '\0') {
        auto opened = codec::decrypt_all(bytes, pass);
        REQUIRE(opened);
        bytes = std::move(*opened);
      }
      const auto plain = codec::decompress_all(type, bytes, mib);
      REQUIRE(plain);
      CHECK((as_text(*plain) == content));
      CHECK(packed->checksum == codec::sha1_of(as_bytes(content)));
      const bool changed = type != compress_type::none || *pass != '\0';
      REQUIRE(packed->repo_checksum.has_value() == changed);
      if (changed)
        CHECK(*packed->repo_checksum == codec::sha1_of(packed->stored));
    }
}

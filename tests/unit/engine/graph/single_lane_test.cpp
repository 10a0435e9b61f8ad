// Tests of the synchronous pipeline.
// SPDX-License-Identifier: MIT
#include "engine/base/stop_signal.hpp"
#include "engine/codec/aes.hpp"
#include "engine/codec/cipher_text.hpp"
#include "engine/codec/compress.hpp"
#include "engine/codec/digest.hpp"
#include "engine/graph/single_lane.hpp"
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

} // namespace

TEST_CASE_FIXTURE(rig, "transfer: what is packed and sealed comes back, at every chunk border") {
  for (const size_t bytes : {size_t{0}, size_t{1}, mib - 1, size_t{mib}, mib + 1, 3 * mib}) {
    for (const auto type : all_compress_types) {
      const auto content = content_of(bytes);
      auto packer = codec::make_compress(type, codec::levels_of(type).standard);
      REQUIRE(packer);
      const auto cipher = codec::make_encrypt("secret");
      codec::digest_kernel before;
      std::vector<transfer_step> steps;
      steps.emplace_back(before);
      if (*packer)
        steps.emplace_back(**packer);
      steps.emplace_back(*cipher);
      auto out = target("out");
      const auto done = transfer(*source(content), steps, *out);
      REQUIRE(done);
      CHECK(done->read_bytes == bytes);
      REQUIRE(io::commit(*out));
      CHECK(codec::digest_kernel::value(*steps[0].state) == codec::sha1_of(as_bytes(content)));

      const auto sealed = files.content("out");
      REQUIRE(sealed);
      const auto packed = codec::decrypt_all(as_bytes(*sealed), "secret");
      REQUIRE(packed);
      const auto plain = codec::decompress_all(type, *packed, 4 * mib);
      REQUIRE(plain);
      CHECK(as_text(*plain) == content);
    }
  }
}

TEST_CASE_FIXTURE(rig, "transfer: a branch that breaks does not stop the others") {
  const auto content = content_of(2 * mib);
  auto first = target("first");
  auto second = target("second");
  std::array<transfer_branch, 2> branches;
  branches[0].target = first.get();
  branches[0].limit_bytes = mib;
  branches[1].target = second.get();
  REQUIRE(transfer(*source(content), {}, branches));
  REQUIRE(branches[0].failure);
  CHECK(branches[0].failure->code == errc::format);
  CHECK(!branches[1].failure);
  CHECK(branches[1].written_bytes == 2 * mib);
  REQUIRE(io::commit(*second));
  CHECK(files.content("second") == content);
}

TEST_CASE_FIXTURE(rig, "transfer: errors of source, step and target come out") {
  const auto in = source(content_of(100));
  files.fail(storage_verb::read, 1, {errc::file_read, "broken"});
  auto out = target("out");
  const auto unread = transfer(*in, {}, *out);
  REQUIRE(!unread);
  CHECK(unread.failure().code == errc::file_read);
  files.clear_faults();

  const auto unpacker = codec::make_decompress(compress_type::zst);
  std::array steps{transfer_step(*unpacker)};
  const auto garbage = transfer(*source("no zstd at all"), steps, *out);
  REQUIRE(!garbage);
  CHECK(garbage.failure().code == errc::format);

  const auto good = source("abc");
  files.fail(storage_verb::write, 1, {errc::file_write, "full"});
  const auto unwritten = transfer(*good, {}, *out);
  REQUIRE(!unwritten);
  CHECK(unwritten.failure().code == errc::file_write);
}

TEST_CASE_FIXTURE(rig, "transfer: content in memory goes the same way as a file") {
  for (const size_t bytes : {size_t{0}, size_t{1}, mib - 1, size_t{mib}, mib + 1, 3 * mib}) {
    const auto content = content_of(bytes);
    auto out = target("out");
    std::array<transfer_branch, 1> branches;
    branches[0].target = out.get();
    codec::digest_kernel sha1;
    std::array steps{transfer_step(sha1)};
    const auto moved = transfer(as_bytes(content), steps, branches);
    REQUIRE(moved);
    CHECK(moved->read_bytes == bytes);
    REQUIRE(io::commit(*out));
    CHECK(*read_all(files, "out", 4 * mib) == content);
    CHECK(codec::digest_kernel::value(*steps[0].state) == codec::sha1_of(as_bytes(content)));
  }
}

namespace {

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
  int steps = 0;
};

} // namespace

TEST_CASE_FIXTURE(rig, "transfer: nothing is unpacked any more when nobody takes it") {
  test::hostile("stored files that are damaged or expand", 3);
  flood_kernel flood;
  std::vector<transfer_step> steps;
  steps.emplace_back(flood);
  auto out = target("out");
  const auto one = transfer(*source("bomb"), steps, *out, 3 * mib);
  REQUIRE(!one);
  CHECK(one.failure().code == errc::format);
  CHECK(one.failure().message.find("limit of 3145728 bytes: there are 4194304") !=
        std::string::npos);
  CHECK(flood.steps == 4);

  std::array<transfer_branch, 2> branches; // only counted
  branches[0].limit_bytes = mib;
  branches[1].limit_bytes = 2 * mib;
  flood.steps = 0;
  CHECK(transfer(*source("bomb"), steps, branches));
  CHECK(flood.steps == 3);
  CHECK(branches[0].failure);
  CHECK(branches[1].failure);

  endless_reader endless;
  branches[0] = {};
  branches[0].limit_bytes = mib;
  CHECK(transfer(endless, {}, {branches.data(), 1}));
  CHECK(branches[0].failure);
  CHECK(endless.reads == 2);
}

TEST_CASE("transfer: ends at a signal while signals are polled") {
  endless_reader endless;
  std::array<transfer_branch, 1> nowhere;
  nowhere[0].limit_bytes = 3 * mib;
  stop_signal = SIGTERM;
  CHECK(transfer(endless, {}, nowhere)); // its handler ends the process
  CHECK(endless.reads == 4);
  const auto stopped = [&] {
    const polled_signals polling;
    return transfer(endless, {}, nowhere);
  }();
  stop_signal = 0;
  REQUIRE_FALSE(stopped);
  CHECK(stopped.failure().code == errc::term);
  CHECK(endless.reads == 4);
  CHECK_FALSE(stop_is_polled);
}

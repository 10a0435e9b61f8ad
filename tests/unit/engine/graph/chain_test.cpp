// Chains: the kernels are those of the nodes, and what they find is found again by its name.
// SPDX-License-Identifier: MIT
#include "engine/buffer/slab.hpp"
#include "engine/codec/cipher_text.hpp"
#include "engine/codec/compress.hpp"
#include "engine/graph/compile.hpp"
#include "engine/graph/lane_group.hpp"
#include "tests/unit/engine/graph/memory_task.hpp"

#include <doctest/doctest.h>

using namespace pgbraid;
using namespace pgbraid::graph;
using namespace pgbraid::graph_test;

namespace {

/// Every codec, with and without AES and page checks.
std::vector<codec::file_rules> all_rules() {
  std::vector<codec::file_rules> out;
  for (const auto type : all_compress_types)
    for (const auto* pass : {"", "pass"})
      for (const bool pages : {false, true})
        out.push_back({.compression = type,
                       .compress_level = codec::levels_of(type).standard,
                       .cipher_pass = secret(pass),
                       .checksum_page = pages});
  return out;
}

/// One file through all nodes of a graph.
std::shared_ptr<memory_task> passed(const logical_graph& through, std::string content) {
  auto kernels = chain::make(through);
  REQUIRE(kernels);
  slab_pool pool(kernels->chunks());
  const worker_tools tools;
  auto group = lane_group::make(std::move(*kernels), 1, pool, tools);
  REQUIRE(group);
  auto task = std::make_shared<memory_task>("file", std::move(content));
  REQUIRE((*group)->start(task));
  while ((*group)->free_lanes() == 0)
    REQUIRE((*group)->step());
  return task;
}

/// What is stored, taken apart without a graph.
std::string unpacked(const codec::file_rules& by, std::string_view stored) {
  std::vector<std::byte> bytes(as_bytes(stored).begin(), as_bytes(stored).end());
  if (!by.cipher_pass.empty()) {
    auto opened = codec::decrypt_all(bytes, by.cipher_pass.view());
    REQUIRE(opened);
    bytes = std::move(*opened);
  }
  const auto plain = codec::decompress_all(by.compression, bytes, 1 << 28);
  REQUIRE(plain);
  return std::string(as_text(*plain));
}

} // namespace

TEST_CASE("chain: what a graph packs is compressed first and encrypted then, and found out is of "
          "both ends") {
  for (const auto& rules : all_rules()) {
    CAPTURE(compress_type_name(rules.compression));
    CAPTURE(rules.cipher_pass.empty());
    for (const size_t size : {size_t{0}, size_t{8192}, 2 * chunk_bytes + 8192}) {
      const auto task = passed(backup_graph({.rules = rules}), random_text(size, size));
      CHECK((unpacked(rules, task->stored) == task->content));
      CHECK(task->checksum == to_hex(codec::sha1_of(as_bytes(task->content))));
      CHECK(task->repo_checksum ==
            (rules.changes_bytes() ? to_hex(codec::sha1_of(as_bytes(task->stored))) : ""));
      CHECK(task->pages_checked == rules.checksum_page);
    }
  }
}

TEST_CASE("chain: a restore undoes what a backup did") {
  for (const auto& rules : all_rules()) {
    CAPTURE(compress_type_name(rules.compression));
    CAPTURE(rules.cipher_pass.empty());
    const auto packed = passed(backup_graph({.rules = rules}), random_text(5, 1500000));
    const auto back = passed(restore_graph({.rules = rules}), packed->stored);
    CHECK((back->stored == packed->content));
    CHECK(back->checksum == packed->checksum);
    CHECK(back->repo_checksum.empty());
  }
}

TEST_CASE("chain: a comparison makes the checksum of what is there, and changes nothing") {
  for (const auto& rules : all_rules()) {
    const auto drawn = compare_graph({.rules = rules, .file_count = 3, .plain_bytes = 7});
    CHECK(drawn.job == "compare");
    CHECK(drawn.file_count == 3);
    CHECK(drawn.plain_bytes == 7);
    CHECK(chunks_of(drawn) == 1);
    for (const size_t size : {size_t{0}, size_t{8192}, 2 * chunk_bytes + 1}) {
      const auto task = passed(drawn, random_text(size + 1, size));
      CHECK((task->stored == task->content));
      CHECK(task->checksum == to_hex(codec::sha1_of(as_bytes(task->content))));
      CHECK(task->repo_checksum.empty());
      CHECK_FALSE(task->pages_checked);
    }
  }
}

TEST_CASE("chain: what is drawn is what runs, and the memory is that of both") {
  for (const auto& rules : all_rules()) {
    for (const auto& drawn : {backup_graph({.rules = rules}), restore_graph({.rules = rules}),
                              compare_graph({.rules = rules})}) {
      const auto run = chain::make(drawn);
      REQUIRE(run);
      size_t position = 0;
      for (const auto& at : drawn.nodes) {
        if (at.row->make == nullptr)
          continue;
        CAPTURE(at.row->name);
        REQUIRE(position < run->size());
        CHECK((*run)[position++].transforms() == at.row->changes_bytes);
      }
      CHECK(position == run->size());
      const auto compiled = compile(drawn, {.cores = 1});
      CHECK(compiled.slabs_per_worker == compiled.lanes * run->chunks());
    }
  }
}

TEST_CASE("chain: a kernel that cannot be made is an error") {
  const auto made = chain::make(
      backup_graph({.rules = {.compression = compress_type::zst, .compress_level = 99}}));
  REQUIRE_FALSE(made);
  CHECK(made.failure().code == errc::option_invalid_value);
}

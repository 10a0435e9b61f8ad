// Adding a node is one row and one kernel: chain, memory and what --explain prints follow.
// SPDX-License-Identifier: MIT
#include "actors/run/run_job.hpp"
#include "tests/unit/actors/run/memory_job.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace pgbraid;
using namespace pgbraid::graph_test;

namespace {

/// The kernel: hands on what comes, in chunks of its own.
class identity_kernel final : public codec::kernel {
public:
  std::unique_ptr<codec::stream> open() override { return std::make_unique<codec::stream>(); }
  bool transforms() const override { return true; }
  void run(std::span<codec::job> jobs) override {
    for (auto& one : jobs) {
      const auto count = std::min(one.in.size(), one.out.size());
      std::copy_n(one.in.begin(), count, one.out.begin());
      one.in = one.in.subspan(count);
      one.out = one.out.subspan(count);
      one.finished = one.last && one.in.empty();
    }
  }
};

/// The row.
constexpr graph::node_row identity_row{
    .name = "identity",
    .prior = {0.1},
    .make = [](const codec::file_rules&) -> result<std::unique_ptr<codec::kernel>> {
      return std::unique_ptr<codec::kernel>(std::make_unique<identity_kernel>());
    },
    .changes_bytes = true};

const graph::job_shape shape{
    .rules = {.compression = compress_type::lz4, .compress_level = 1, .checksum_page = true}};

/// The nodes of a backup with that row in front of number `at`.
std::vector<graph::node_row> rows_with_identity(size_t at) {
  const auto usual = graph::packing_rows();
  std::vector<graph::node_row> out(usual.begin(), usual.end());
  out.insert(out.begin() + static_cast<ptrdiff_t>(at), identity_row);
  return out;
}

std::vector<std::byte> plain_of(std::string_view stored) {
  auto plain = codec::decompress_all(compress_type::lz4, as_bytes(stored), uint64_t{1} << 30);
  REQUIRE(plain);
  return std::move(*plain);
}

std::vector<std::shared_ptr<memory_task>> run(const graph::logical_graph& nodes, bool fuse) {
  auto tasks = some_tasks(7);
  memory_job job(tasks);
  const auto compiled = graph::compile(nodes, {.cores = 2, .process_max = 2, .fuse = fuse});
  REQUIRE(actors::run_job(job, {.graph = compiled, .fuse = fuse, .mode = io::io_mode::threads}));
  return tasks;
}

} // namespace

TEST_CASE("added node: runs wherever it is put, fused and unfused, and changes nothing else") {
  const auto without = run(graph::backup_graph(shape), true);
  for (size_t at = 0; at <= graph::packing_rows().size(); ++at) {
    const auto rows = rows_with_identity(at);
    const auto nodes = graph::backup_graph(shape, rows);
    for (const bool fuse : {true, false}) {
      CAPTURE(at);
      CAPTURE(fuse);
      const auto with = run(nodes, fuse);
      for (size_t i = 0; i < with.size(); ++i) {
        CHECK((plain_of(with[i]->stored) == plain_of(without[i]->stored)));
        CHECK(with[i]->checksum == without[i]->checksum);
        // Between actors pieces are cut as they come, and what lz4 makes of them with them.
        CHECK((!fuse || with[i]->stored == without[i]->stored));
        CHECK((!fuse || with[i]->repo_checksum == without[i]->repo_checksum));
        CHECK(with[i]->pages_checked);
      }
    }
  }
}

TEST_CASE("added node: is drawn, and counts in the memory of a job") {
  const auto rows = rows_with_identity(1);
  for (const bool fuse : {true, false}) {
    const graph::machine on{.cores = 2, .process_max = 2, .fuse = fuse};
    const auto with = graph::compile(graph::backup_graph(shape, rows), on);
    const auto without = graph::compile(graph::backup_graph(shape), on);
    CHECK(with.slabs_per_worker == without.slabs_per_worker + (fuse ? with.lanes : 2));
    CHECK(with.budget_bytes > without.budget_bytes);
    const auto text = graph::explain(with, on);
    CHECK_MESSAGE(text.find("page-check -> identity") == std::string::npos, text);
    for (const auto* part :
         {"  identity       host local    cpu", "0.10 s/GiB -> checksum", "0.09 s/GiB -> identity"})
      CHECK_MESSAGE(text.find(part) != std::string::npos, text);
  }
}

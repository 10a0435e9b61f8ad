// The compiler: what is fused, how large pools and memory get, what --explain shows.
// SPDX-License-Identifier: MIT
#include "engine/buffer/slab.hpp"
#include "engine/graph/compile.hpp"

#include <doctest/doctest.h>

using namespace pgbraid;
using namespace pgbraid::graph;

namespace {

logical_graph zst_backup() {
  return backup_graph({.rules = {.compression = compress_type::zst,
                                 .compress_level = 3,
                                 .cipher_pass = secret("pass"),
                                 .checksum_page = true},
                       .bundle = true,
                       .file_count = 10,
                       .plain_bytes = 1 << 30,
                       .bundled_bytes = 1 << 20});
}

} // namespace

TEST_CASE("graph: a backup has a node for each thing that is done to the bytes") {
  std::vector<std::string_view> names;
  for (const auto& n : zst_backup().nodes)
    names.push_back(n.row->name);
  CHECK(names == std::vector<std::string_view>{"read", "page-check", "checksum", "compress",
                                               "encrypt", "repo-checksum", "bundle", "write"});
}

TEST_CASE("graph: nothing is hashed twice when the stored file is the plain one") {
  for (const auto& n : backup_graph({.plain_bytes = 1}).nodes)
    CHECK(n.row->finds != finding::repo_checksum);
}

TEST_CASE("compile: neighbours on one host become one stage, unless fusing is off") {
  const auto logical = zst_backup();
  CHECK(compile(logical, {.cores = 2}).stages.size() == 1);
  CHECK(compile(logical, {.cores = 2, .fuse = false}).stages.size() == logical.nodes.size());
}

TEST_CASE("compile: a change of host cuts a stage") {
  auto logical = zst_backup();
  logical.nodes.back().host = "repo";
  CHECK(compile(logical, {.cores = 2}).stages.size() == 2);
}

TEST_CASE("compile: process-max is the ceiling, without it the pool starts at one") {
  const auto logical = zst_backup();
  const auto fixed = compile(logical, {.cores = 16, .process_max = 3});
  CHECK(fixed.workers_min == 3);
  CHECK(fixed.workers_max == 3);
  const auto free = compile(logical, {.cores = 16});
  CHECK(free.workers_min == 1);
  CHECK(free.workers_max == 16);
}

TEST_CASE("compile: the budget holds every slab of every lane and the engines") {
  const auto out = compile(zst_backup(), {.cores = 8, .process_max = 2, .engine_bytes = 1000});
  // read, compressed and encrypted bytes of each lane
  CHECK(out.slabs_per_worker == out.lanes * 3);
  const auto zst = codec::memory_of(compress_type::zst, 3);
  CHECK(out.budget_bytes == 2 * (out.slabs_per_worker * slab_bytes + 1000 + zst.kernel_bytes +
                                 out.lanes * zst.stream_bytes));
}

TEST_CASE("compile: compression counts, for a worker and for each of its files, where it runs") {
  const auto zst = codec::memory_of(compress_type::zst, 3);
  for (const bool fuse : {true, false}) {
    const machine on{.cores = 8, .process_max = 2, .fuse = fuse};
    auto logical = zst_backup();
    const auto here = compile(logical, on);
    for (auto& n : logical.nodes)
      n.here = false;
    const auto files = fuse ? here.lanes : here.slabs_per_worker;
    CHECK(here.budget_bytes ==
          compile(logical, on).budget_bytes + 2 * (zst.kernel_bytes + files * zst.stream_bytes));
  }
}

TEST_CASE("compile: a backup is cut where its bytes leave the host of the data") {
  const auto logical = backup_graph({.rules = {.compression = compress_type::lz4},
                                     .bundle = true,
                                     .plain_bytes = 1 << 20,
                                     .data_hosts = {"db2", "db3"}});
  const machine on{.cores = 2};
  const auto compiled = compile(logical, on);
  REQUIRE(compiled.stages.size() == 2);
  CHECK(compiled.stages[0].host == "db2, db3");
  CHECK(logical.nodes[compiled.stages[0].nodes.back()].row->name == "repo-checksum");
  CHECK(compiled.stages[1].host == "local");
  const auto text = explain(compiled, on);
  for (const auto* part : {"stage 1 host db2, db3: read + checksum + compress + repo-checksum",
                           "stage 2 host local: bundle + write", "stages of other hosts"})
    CHECK_MESSAGE(text.find(part) != std::string::npos, text);
}

TEST_CASE("compile: a repository on another host only writes there") {
  const auto logical = backup_graph({.bundle = true, .plain_bytes = 1, .repo_host = "backup"});
  const auto compiled = compile(logical, {.cores = 2});
  REQUIRE(compiled.stages.size() == 2);
  CHECK(compiled.stages[1].host == "backup");
  CHECK(compiled.stages[1].nodes.size() == 1);
  CHECK(compile(restore_graph({.repo_host = "backup"}), {.cores = 2}).stages.size() == 2);
}

TEST_CASE("compile: without a shortage of descriptors nothing changes") {
  const auto logical = zst_backup();
  const machine on{.cores = 4, .process_max = 16, .descriptors_max = 1 << 20};
  const auto out = compile(logical, on);
  CHECK(out.workers_max == 16);
  CHECK(out.lanes == compile(logical, {.cores = 4}).lanes);
  CHECK(out.settling_files == 64);
  CHECK(!out.lacks_descriptors);
}

TEST_CASE("compile: descriptors are shared out, and what is promised fits") {
  const auto logical = zst_backup();
  const task_use use{.shared_descriptors = 10};
  for (const size_t limit : {256, 512, 1024, 4096, 65536}) {
    for (const size_t workers : {1, 16, 64, 999}) {
      CAPTURE(limit);
      CAPTURE(workers);
      const machine on{.cores = 2, .process_max = workers, .descriptors_max = limit};
      const auto out = compile(logical, on, use);
      CHECK(out.budget_descriptors <= limit);
      CHECK(out.workers_max >= 1);
      CHECK(out.lanes >= 1);
      CHECK(out.settling_files >= 1);
      CHECK(out.workers_min <= out.workers_max);
      CHECK(out.lacks_descriptors == (out.workers_max < workers));
    }
  }
  // Fewer wait for their commit before any worker goes.
  const auto sixteen =
      compile(logical, {.cores = 2, .process_max = 16, .descriptors_max = 1024}, use);
  CHECK(sixteen.workers_max == 16);
  CHECK(sixteen.settling_files < 64);
  CHECK(sixteen.lanes == 4);
}

TEST_CASE("compile: files that are open on another host cost no descriptors") {
  const task_use use{.repository_here = false, .settling_files = 1000};
  const machine on{.cores = 2, .process_max = 64, .descriptors_max = 1024};
  const auto out = compile(zst_backup(), on, use);
  CHECK(out.workers_max == 64);
  CHECK(out.settling_files == 1000);
}

TEST_CASE("explain: names hosts, stages, pool and memory") {
  const auto logical = zst_backup();
  const machine on{.cores = 4};
  const auto text = explain(compile(logical, on), on);
  for (const auto* part : {"logical graph", "compiled graph", "host local", "page-check", "1 to 4",
                           "memory: at most", "open files: at most", "bundle"})
    CHECK_MESSAGE(text.find(part) != std::string::npos, part);
}

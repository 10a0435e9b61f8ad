// A repository, targets and a backup in memory, for tests of restores.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/restore/compare_job.hpp"
#include "actors/restore/restore_end.hpp"
#include "actors/restore/restore_job.hpp"
#include "actors/restore/restore_task.hpp"
#include "engine/codec/aes.hpp"
#include "engine/codec/compress.hpp"
#include "engine/codec/digest.hpp"
#include "engine/codec/whole.hpp"
#include "engine/format/repository_path.hpp"
#include "engine/graph/lane_group.hpp"
#include "tests/unit/engine/plan/sample_backup.hpp"
#include "tests/unit/storage/faulty_memory.hpp"

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <string>

namespace pgbraid::restore_test {

inline std::string content_of(size_t size, char seed) {
  std::string out(size, seed);
  for (size_t i = 0; i < size; i += 7)
    out[i] = static_cast<char>('a' + i * 31 % 26);
  return out;
}

/// Everything a restore needs. Storages of roots are found again by their path.
struct rig {
  test::faulty_memory repository{"/repo"};
  std::map<std::string, std::shared_ptr<test::faulty_memory>> roots;
  format::manifest backup = plan_test::sample_backup();
  plan::map_wish wish{.pg_path = "/new"};
  plan::recovery_type type = plan::recovery_type::standard;
  plan::zeroed_databases zeroed;
  bool delta = false;
  bool force = false;

  std::optional<plan::restore_mapping> where;
  std::optional<plan::restore_rules> rules;
  std::optional<plan::owner_policy> owners;
  std::optional<restore_tree> tree;
  std::optional<restore_context> context;
  std::optional<restore_job> job;

  rig() {
    backup.files.clear();
    backup.copy_start_s = 1000;
    // A link to a file needs its file; see link_hba().
    std::erase_if(backup.targets, [](const auto& target) { return target.is_file_link(); });
    std::erase_if(backup.links,
                  [](const auto& link) { return link.name == "pg_data/pg_hba.conf"; });
  }

  /// A file that was a link to ../conf/hba.conf.
  void link_hba() {
    backup.targets.push_back({.name = "pg_data/pg_hba.conf",
                              .type = format::target_type::link,
                              .path = "../conf",
                              .file = "hba.conf"});
    plan_test::add_link(backup, "pg_data/pg_hba.conf", "../conf/hba.conf");
    add("pg_data/pg_hba.conf", "hba");
  }

  test::faulty_memory& root(const std::string& path) {
    auto& found = roots[path];
    if (!found)
      found = std::make_shared<test::faulty_memory>(path);
    return *found;
  }

  /// Stores a file the way the manifest's options say. Bundle 0 means a file of its own.
  void add(std::string_view name, const std::string& content, uint32_t bundle = 0) {
    auto& file = plan_test::add_file(backup, name, content.size());
    file.checksum = codec::sha1_of(as_bytes(content));
    file.has_checksum = true;
    file.mtime_s = 500;
    if (content.empty() && backup.bundle)
      return;
    auto stored = pack(content, bundle != 0 && backup.bundle_raw);
    file.repo_size_bytes = stored.size();
    file.has_repo_size = true;
    if (bundle == 0) {
      put(format::stored_file_path("demo", backup, file), stored);
      return;
    }
    auto& members = bundles[bundle];
    file.bundle_id = bundle;
    file.bundle_offset_bytes = members.size();
    members += stored;
    put(format::bundle_path("demo", backup.label, bundle), members);
  }

  void put(const std::string& path, std::string_view content) {
    REQUIRE(write_all(repository, path, content));
  }

  std::string pack(std::string_view content, bool raw) const {
    auto bytes =
        codec::compress_all(backup.options.compress_kind, 3, as_bytes(content), {.raw = raw});
    REQUIRE(bytes);
    if (!backup.cipher_pass.empty()) {
      const auto kernel = codec::make_encrypt(backup.cipher_pass.view(), {.raw = raw});
      bytes = codec::transform_all(*kernel, *bytes, 1 << 30);
      REQUIRE(bytes);
    }
    return std::string(as_text(*bytes));
  }

  /// Plans; to be called when all files are there.
  void plan() {
    backup.sort();
    job.reset();
    auto mapped = plan::map_restore(backup, wish);
    if (!mapped)
      FAIL(mapped.failure().text());
    where.emplace(std::move(*mapped));
    rules.emplace(backup, *where, type, 150000, zeroed);
    const plan::owner_lookup names{
        .user_id = [](std::string_view) { return std::optional<uint32_t>(); },
        .group_id = [](std::string_view) { return std::optional<uint32_t>(); },
        .user_name = [](uint32_t) { return std::optional<std::string>("postgres"); },
        .group_name = [](uint32_t) { return std::optional<std::string>("postgres"); }};
    owners.emplace(backup, plan::owner_facts{}, names);
    tree.emplace(backup, *where, *rules, *owners, opener());
    context.emplace(repository, "demo", backup, backup, *where, *rules, *owners, *tree, delta);
    if (delta)
      context->same = same_files();
    job.emplace(*context, plan::order_restore(backup, *rules, {}, context->same));
  }

  /// Must not outlive this.
  root_opener opener() {
    return [this](const std::string& path) {
      root(path);
      return lend(roots[path]);
    };
  }
  /// Hands a storage out without giving it away.
  static std::unique_ptr<storage> lend(std::shared_ptr<test::faulty_memory> to) {
    return std::make_unique<forwarding_storage>(std::move(to));
  }

  /// Builds the directories and restores all files in one worker.
  result<void> restore() {
    if (auto built = tree->build(); !built)
      return built;
    return copy();
  }

  result<void> copy() {
    auto chain = graph::chain::make(graph::restore_graph(job->shape()));
    if (!chain)
      return chain.failure();
    const size_t lanes = 4;
    slab_pool pool(lanes * chain->chunks());
    const graph::worker_tools tools;
    auto group = graph::lane_group::make(std::move(*chain), lanes, pool, tools);
    if (!group)
      return group.failure();
    for (auto tasks = job->deal(); !tasks.empty(); tasks = job->deal())
      if (auto done = run(**group, tasks); !done)
        return done;
    return success();
  }

  /// What is in place already, as the restore finds it.
  plan::file_set same_files() {
    std::vector<const format::manifest_file*> files;
    for (const auto& file : backup.files)
      files.push_back(&file);
    const auto compile = [](const auto& drawn, const auto& use) {
      const graph::machine on{.cores = 2, .process_max = 2};
      return actors::run_settings{.graph = graph::compile(drawn, on, use),
                                  .mode = io::io_mode::threads};
    };
    auto same = find_same_files(backup, *where, *tree, files,
                                force ? same_by::time : same_by::content_or_blocks, compile);
    REQUIRE(same);
    return std::move(*same);
  }

  std::map<std::string, uint64_t> outcomes; ///< absolute path to placed_file::outcome

private:
  result<void> run(graph::lane_group& group, graph::task_list& tasks) {
    size_t next = 0;
    while (next < tasks.size() || !group.idle()) {
      while (next < tasks.size() && group.free_lanes() > 0)
        if (auto started = group.start(tasks[next++]); !started)
          return started;
      if (auto stepped = group.step(); !stepped)
        return stepped;
      auto settled = group.take_settled(false);
      if (!settled)
        return settled.failure();
      for (const auto& task : *settled) {
        if (auto taken = job->settled(*task); !taken)
          return taken;
        outcomes[task->name()] =
            static_cast<uint64_t>(dynamic_cast<const placed_file&>(*task).what_happened());
      }
    }
    return success();
  }

  std::map<uint64_t, std::string> bundles;
};

} // namespace pgbraid::restore_test

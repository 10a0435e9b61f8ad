// A whole backup of a cluster in memory into a repository in memory.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/backup/backup.hpp"
#include "actors/stanza/create.hpp"
#include "engine/codec/crc32c.hpp"
#include "engine/format/repository_path.hpp"
#include "storage/repository/backup_claim.hpp"
#include "tests/unit/actors/backup/memory_cluster.hpp"
#include "tests/unit/engine/base/manual_clock.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <set>

namespace pgbraid::test {

/// A pg_control of PostgreSQL 15 (offsets of its C structure), of the start's checkpoint.
inline std::string control_text() {
  std::string out(postgres::control_file_padded_bytes, '\0');
  const auto put = [&](size_t offset, auto value) {
    std::memcpy(out.data() + offset, &value, sizeof value);
  };
  put(0, uint64_t{77});
  put(8, uint32_t{1300});
  put(12, uint32_t{202209061});
  put(32, uint64_t{0x3000060});
  put(48, uint32_t{1});
  put(216, uint32_t{8192});
  put(224, uint32_t{8192});
  put(228, uint32_t{16 << 20});
  put(288, codec::crc32c(as_bytes(out).first(288)));
  return out;
}

struct whole_rig {
  manual_clock clock = manual_clock();
  faulty_memory files;
  repository repo{files, {.key = 1, .stanza = "demo"}};
  std::shared_ptr<memory_cluster> primary = std::make_shared<memory_cluster>();
  std::vector<std::shared_ptr<cluster>> clusters = {primary};
  io::lock_set lock = {};
  backup_request wanted{.exec_id = "1-abc", .archive_check = false, .lock_path = "/nowhere"};

  explicit whole_rig(storage_features can = memory_storage::everything()) : files("/memory", can) {
    put("PG_VERSION", "15\n");
    put("global/pg_control", control_text());
    put("base/5/1259", std::string(8192, 'a'));
    put("base/5/empty", "");
    put("base/5/2600", std::string(100'000, 'b'));
    REQUIRE(create_stanza(repo, *postgres::parse_control_file(as_bytes(control_text()))));
  }
  void put(const std::string& path, const std::string& content) {
    REQUIRE(write_all(*primary->files, path, content));
  }
  result<void> make() {
    const actors::graph_compiler compile = [](const graph::logical_graph& drawn,
                                              const graph::task_use& use) {
      return actors::run_settings{.graph =
                                      graph::compile(drawn, {.cores = 2, .process_max = 2}, use),
                                  .mode = io::io_mode::threads,
                                  .minds_signals = false};
    };
    return make_backup(wanted,
                       {.to = repo, .clusters = clusters, .lock = lock, .compile = compile});
  }
  errc code() {
    const auto made = make();
    return made ? errc{} : made.failure().code;
  }
  /// Labels in backup.info; each of them must be one that can be restored.
  std::set<std::string> listed() {
    auto info = repo.load_backup_info();
    REQUIRE(info);
    std::set<std::string> out;
    for (const auto& one : info->backups) {
      out.insert(one.label);
      const auto manifest = repo.load_manifest(one.label, info->cipher_pass);
      REQUIRE(manifest);
      CHECK(manifest->find_file("pg_data/backup_label") != nullptr);
    }
    return out;
  }
  size_t directories() {
    const auto found = repo.list_backups();
    REQUIRE(found);
    return found->size();
  }
};

} // namespace pgbraid::test

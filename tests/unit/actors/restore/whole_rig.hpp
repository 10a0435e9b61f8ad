// A whole restore in memory: repositories with infos, a manifest and WAL, and the host that is
// restored to.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/restore/restore.hpp"
#include "engine/base/side_by_side.hpp"
#include "engine/codec/crc32c.hpp"
#include "engine/postgres/control_file.hpp"
#include "storage/repository/repository.hpp"
#include "tests/unit/actors/restore/rig.hpp"

#include <fmt/format.h>

#include <cstring>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace pgbraid::restore_test {

/// global/pg_control of PostgreSQL 15; only what a restore looks at.
inline std::string control_of_15() {
  std::string out(postgres::control_file_padded_bytes, '\0');
  const auto set = [&out](size_t offset, uint32_t value) {
    std::memcpy(out.data() + offset, &value, sizeof value);
  };
  set(8, 1300);
  set(12, 202209061);
  set(32, 0x4000060);
  set(288, codec::crc32c(as_bytes(out).first(288)));
  return out;
}

/// One backup of cluster 77 from segment 5 to 7 of timeline 1 in repo1, which is `rig::repository`;
/// root restores it to /new, where user 26 is postgres.
struct whole_rig : rig {
  restore_request wanted{.stanza = "demo",
                         .places = {.pg_path = "/new"},
                         .recovery = {.restore_command = "pgbraid archive-get %f \"%p\""},
                         .on_doubt = plan::doubt_rule::refuse,
                         .spool_path = "/spool"};
  std::vector<repository_door> from;

  whole_rig() {
    backup.history_id = 1;
    backup.system_id = 77;
    backup.start_s = 900;
    backup.stop_s = 1100;
    backup.options.archive_check = true;
    backup.archive_start = segment(5);
    backup.archive_stop = segment(7);
    backup.lsn_start = "0/5000028";
    backup.lsn_stop = "0/7000138";
    add("pg_data/PG_VERSION", "15\n");
    add("pg_data/base/5/112", content_of(20000, 's'));
    add("pg_data/global/pg_control", control_of_15());
    add("pg_data/postgresql.auto.conf", "work_mem = '8MB'\n");
    add("pg_tblspc/16384/PG_15_202209061/5/16390", content_of(16384, 't'));
    from.push_back(door(1, repository));
  }
  /// Threads that asked have answered by now, and end.
  ~whole_rig() {
    while (!join_aside())
      std::this_thread::yield();
  }

  static std::string segment(unsigned number) {
    return fmt::format("0000000100000000{:08X}", number);
  }

  /// Infos, the manifest, and WAL from 5 to 9; when the manifest is as it should be.
  void publish() {
    backup.sort();
    save_infos(repository, {format::summarize(backup)});
    pgbraid::repository repo(repository, {.key = 1, .stanza = "demo"});
    publication all(repository);
    REQUIRE(repo.add(all, backup, {}));
    REQUIRE(all.publish());
    for (unsigned number = 5; number <= 9; ++number)
      put_segment(repository, number);
  }

  static void save_infos(test::faulty_memory& to, std::vector<format::backup_summary> backups) {
    pgbraid::repository repo(to, {.key = 1, .stanza = "demo"});
    format::archive_info archive;
    archive.add(77, "15");
    REQUIRE(repo.save(archive));
    format::backup_info info;
    info.add_history(77, "15", 202209061, 1300);
    for (auto& one : backups)
      info.add(std::move(one));
    REQUIRE(repo.save(info));
  }

  static std::string segment_path(unsigned number) {
    return fmt::format("archive/demo/15-1/0000000100000000/{}-{:040x}", segment(number), number);
  }
  static void put_segment(test::faulty_memory& to, unsigned number) {
    REQUIRE(write_all(to, segment_path(number), "wal"));
  }

  static repository_door door(unsigned key, test::faulty_memory& files) {
    const std::shared_ptr<test::faulty_memory> kept(&files, [](test::faulty_memory*) {});
    return {.key = key, .open = [kept, key]() -> result<open_repository> {
              open_repository out;
              out.files = lend(kept);
              out.stanza = std::make_unique<pgbraid::repository>(
                  *out.files, repository_settings{.key = key, .stanza = "demo"});
              return out;
            }};
  }
  static repository_door closed_door(unsigned key, error why) {
    return {.key = key, .open = [why]() -> result<open_repository> { return why; }};
  }

  restore_ends ends() {
    const auto id = [](std::string_view name) {
      return name == "postgres" ? std::optional<uint32_t>(26) : std::nullopt;
    };
    const auto name = [](uint32_t) { return std::optional<std::string>("postgres"); };
    return {.from = from,
            .to = {.open = opener(),
                   .names = {.user_id = id, .group_id = id, .user_name = name, .group_name = name}},
            .compile = [](const auto& drawn, const auto& use) {
              const graph::machine on{.cores = 2, .process_max = 2};
              return actors::run_settings{.graph = graph::compile(drawn, on, use),
                                          .mode = io::io_mode::threads};
            }};
  }

  result<restored_backup> run() { return restore_cluster(wanted, ends()); }

  /// Every name of every directory that was opened, with what it is and its content.
  std::map<std::string, std::string> everything() {
    std::map<std::string, std::string> out;
    for (const auto& [path, files] : roots)
      look(*files, path, "", out);
    return out;
  }

private:
  static void look(test::faulty_memory& in, const std::string& root, const std::string& path,
                   std::map<std::string, std::string>& out) {
    auto entries = in.list(path);
    REQUIRE(entries);
    if (!*entries)
      return;
    for (const auto& entry : **entries) {
      const auto name = path.empty() ? entry.name : path + "/" + entry.name;
      out[root + "/" + name] =
          fmt::format("{} {} {:o} {} {}", static_cast<int>(entry.info.kind), entry.info.uid,
                      entry.info.mode, entry.info.link_destination, in.content(name).value_or(""));
      if (entry.info.kind == entry_kind::path)
        look(in, root, name, out);
    }
  }
};

} // namespace pgbraid::restore_test

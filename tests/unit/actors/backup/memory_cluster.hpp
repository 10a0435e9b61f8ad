// A cluster in memory whose server says what a test wants.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/cluster/cluster.hpp"
#include "storage/forwarding_storage.hpp"
#include "tests/unit/storage/faulty_memory.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pgbraid::test {

/// What the server of a cluster does; shared by the sessions with it.
struct server_script {
  pg::pg_server_info info{.version_num = 150004,
                          .data_directory = "/pg",
                          .archive_mode = "on",
                          .archive_command = "pgbraid archive-push %p",
                          .archive_library = "",
                          .archive_module_stanza = "",
                          .archive_module_config = "",
                          .checkpoint_timeout = std::chrono::seconds(300),
                          .wal_segment_bytes = 16 << 20};
  int64_t clock_ms = 1'800'000'000'000;
  int64_t clock_step_ms = 1000; ///< that pass from one question to the next
  std::string current = "000000010000000000000002";
  pg::pg_backup_start start{.lsn = 0x3000028, .segment = "000000010000000000000003"};
  pg::pg_backup_stop stop{.lsn = 0x3000100,
                          .segment = "000000010000000000000003",
                          .backup_label = "START WAL LOCATION: 0/3000028\n",
                          .tablespace_map = "\n"};
  std::vector<pg::pg_database> databases = {{"postgres", 5, 1663}};
  /// Sessions are lost after so many calls; none: never.
  std::optional<int> calls_left = {};
  int started = 0;
  int stopped = 0;
  int switched = 0;
};

class scripted_session final : public pg::pg_session {
public:
  explicit scripted_session(std::shared_ptr<server_script> of) : of_(std::move(of)) {}

  const pg::pg_server_info& server() const override { return of_->info; }
  result<bool> is_in_recovery() override { return say(of_->info.in_recovery); }
  /// Time passes: the next second is there when it is asked for again.
  result<int64_t> clock_ms() override { return say(of_->clock_ms += of_->clock_step_ms); }
  result<std::string> current_segment() override { return say(of_->current); }
  result<pg::pg_backup_start> start_backup(bool) override {
    ++of_->started;
    return say(of_->start);
  }
  result<pg::pg_backup_stop> stop_backup() override {
    ++of_->stopped;
    return say(of_->stop);
  }
  result<void> create_restore_point(std::string_view) override { return ok(); }
  result<std::string> switch_segment() override {
    ++of_->switched;
    return say(of_->current);
  }
  result<void> checkpoint() override { return ok(); }
  result<std::optional<uint64_t>> replay_location() override {
    return say(std::optional<uint64_t>(of_->start.lsn + 1));
  }
  result<std::vector<pg::pg_database>> databases() override { return say(of_->databases); }
  result<std::vector<pg::pg_tablespace>> tablespaces() override {
    return say(std::vector<pg::pg_tablespace>());
  }
  int socket() const override { return -1; }
  bool is_broken() override { return of_->calls_left && *of_->calls_left <= 0; }

private:
  result<void> ok() {
    if (of_->calls_left && --*of_->calls_left < 0)
      return error{errc::db_query, "the connection is gone"};
    return success();
  }
  template <class T> result<T> say(T what) {
    if (auto there = ok(); !there)
      return there.failure();
    return what;
  }

  std::shared_ptr<server_script> of_;
};

class memory_cluster final : public cluster {
public:
  explicit memory_cluster(unsigned key = 1) : cluster(key, "/pg") {}

  std::shared_ptr<faulty_memory> files = std::make_shared<faulty_memory>("/pg");
  std::shared_ptr<server_script> server = std::make_shared<server_script>();
  bool answers = true;

  bool is_here() const override { return true; }
  result<std::shared_ptr<link::remote_host>> host() override {
    return std::shared_ptr<link::remote_host>();
  }
  result<std::unique_ptr<storage>> open(const std::string& path) override {
    if (path != "/pg")
      return error{errc::path_open, "there is nothing at '" + path + "'"};
    return std::unique_ptr<storage>(std::make_unique<forwarding_storage>(files));
  }
  owner_lookup owners() override {
    const auto name = [](uint32_t) { return std::optional<std::string>("postgres"); };
    return {.user = name, .group = name};
  }
  result<loaded_control> control() override { return read_control(*files); }
  result<pg::pg_client> connect() override {
    if (!answers)
      return error{errc::db_connect, "nobody answers"};
    return pg::pg_client(std::make_unique<scripted_session>(server));
  }
  std::unique_ptr<pg::pg_session> observer() override { return nullptr; }
};

} // namespace pgbraid::test

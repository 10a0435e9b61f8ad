// A spool, a WAL directory, and somebody who plays the background process.
// SPDX-License-Identifier: MIT
#pragma once

#include "cli/spool/foreground.hpp"
#include "tests/unit/engine/base/manual_clock.hpp"
#include "tests/unit/engine/io/scratch.hpp"
#include "tests/unit/quiet.hpp"

#include <chrono>
#include <cstring>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace pgbraid::test {

inline const std::string rig_wal = "000000010000000000000003";

/// The long header of a segment of PostgreSQL 15, and nothing behind it.
inline std::string segment_text(uint64_t number, uint32_t size_bytes = 1 << 20) {
  std::string out(size_bytes, '\0');
  const auto put_at = [&](size_t offset, auto value) {
    std::memcpy(out.data() + offset, &value, sizeof value);
  };
  put_at(0, uint16_t{0xD110});
  put_at(2, uint16_t{2});
  put_at(4, uint32_t{1});
  put_at(8, number * size_bytes);
  put_at(24, uint64_t{77});
  put_at(32, size_bytes);
  put_at(36, uint32_t{8192});
  return out;
}

struct spool_rig {
  quiet no_lines = {};
  scratch place = {};
  std::string spool = place / "spool/archive/demo/part";
  std::string wal = place / "pg_wal";
  std::vector<std::string> started = {};
  int done_here = 0;
  std::function<void()> background = [] {}; ///< what each process that is started does
  std::function<void()> meanwhile = [] {};  ///< called at each pause
  manual_clock clock{[this] { meanwhile(); }};

  spool_rig() {
    std::filesystem::create_directories(wal + "/archive_status");
    put(wal + "/" + rig_wal, segment_text(3));
    put(wal + "/archive_status/" + rig_wal + ".ready", "");
  }

  void make_spool() const { std::filesystem::create_directories(spool); }
  void answer(const std::string& name, const std::string& text) const {
    make_spool();
    put(spool + "/" + name, text);
  }
  bool has(const std::string& name) const {
    return std::filesystem::exists(std::filesystem::path(spool) / name);
  }
  io::lock_request locks(const std::string& exec_id = "1-00000001") const {
    return {.lock_path = place / "lock",
            .stanza = "demo",
            .type = "archive",
            .repo_keys = {1, 2},
            .exec_id = exec_id,
            .content = "{\"execId\":\"" + exec_id + "\"}"};
  }
  cli::foreground_settings settings() const {
    return {.directory = spool,
            .timeout = std::chrono::seconds(60),
            .timeout_text = "1m",
            .background_log = "/log/demo-async.log",
            .locks = locks()};
  }
  cli::foreground_hands hands() {
    return {.start =
                [this](const std::string& parameter) {
                  started.push_back(parameter);
                  background();
                  return success();
                },
            .here = [this]() -> result<int> {
              ++done_here;
              return 7;
            }};
  }
};

} // namespace pgbraid::test

// A cluster with a repository that is required, and one that PostgreSQL does not wait for.
// SPDX-License-Identifier: MIT
#pragma once

#include "tests/unit/actors/archive/archive_rig.hpp"
#include "tests/unit/engine/base/asides.hpp"
#include "tests/unit/engine/base/manual_clock.hpp"
#include "tests/unit/quiet.hpp"

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pgbraid::test {

inline std::string segment(unsigned number) {
  return "00000001000000000000000" + std::to_string(number);
}

inline std::string content_of(unsigned number) {
  return rig_content(static_cast<char>('a' + number));
}

/// repo1 is required, repo2 is not.
struct besides_rig : archive_rig {
  quiet no_lines = {};
  manual_clock clock;
  std::shared_ptr<faulty_memory> spool = std::make_shared<faulty_memory>("/var");
  journal::wal_journal journal{spool, "spool/journal/demo/repo2", uint64_t{1} << 30};
  std::vector<std::string> warnings = {};
  std::optional<int64_t> max_age_s = {};

  besides_rig() : archive_rig(2) {
    wanted.warn = [this](const std::string& text) { warnings.push_back(text); };
    for (unsigned number = 1; number <= 9; ++number)
      write(wal, segment(number), content_of(number));
  }
  ~besides_rig() { join_all_asides(); }

  push_ends ends() const {
    auto all = doors();
    return {.wal = wal_files,
            .pgdata = pgdata_files,
            .to = {all[0]},
            .besides = {{.door = all[1], .journal = journal, .max_age_s = max_age_s}}};
  }
  errc push(unsigned number) {
    wanted.wal.name = segment(number);
    const auto done = push_wal(wanted, ends());
    join_all_asides();
    return done ? errc{} : done.failure().code;
  }
  /// Hangs until the end. So much time passes at once, and as much again for whoever begins to wait
  /// only now, but not once `left` says that nobody does any more: the next try would become due.
  void hang(const std::shared_future<void>& end, std::chrono::seconds at_once) {
    clock.advance(at_once);
    while (!left && end.wait_for(std::chrono::milliseconds(1)) != std::future_status::ready)
      clock.advance(at_once / 100);
    end.wait();
  }
  std::atomic<bool> left = false;
  /// The next try of a repository that failed is due.
  void later() { clock.advance(std::chrono::minutes(5)); }
  bool has(size_t repository, unsigned number) {
    return stored(repository, segment(number)) ==
           std::vector{path_of(content_of(number), segment(number))};
  }
  journal::journal_content kept() {
    auto there = journal.look();
    REQUIRE(there);
    return *there;
  }
  std::vector<std::string> waiting() {
    std::vector<std::string> out;
    for (const auto& one : kept().waiting)
      out.push_back(one.wal);
    return out;
  }
};

} // namespace pgbraid::test

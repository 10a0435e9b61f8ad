// The WAL files that wait in pg_wal, into every repository, with answers in the spool.
// Source: cli/command/README.md, section 4.2.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/archive/push_batch.hpp"
#include "engine/base/result.hpp"
#include "engine/config/options.hpp"
#include "engine/plan/spool_push.hpp"
#include "storage/driver/posix/posix_storage.hpp"
#include "storage/spool/spool_directory.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pgbraid::cli {

/// Who else wants to know.
struct push_listener {
  /// Called once the answer is in the spool, by several threads.
  std::function<void(const pushed_wal& file)> told = [](const pushed_wal&) {};
  /// As of `push_batch_request`.
  std::function<bool()> ends = {};
};

/// One batch of them; whoever runs it holds the archive locks.
class waiting_push {
public:
  /// @param out  the part of the spool for answers
  waiting_push(const config::options& opts, std::string wal_directory, std::string out,
               push_listener listener = {});

  /// Fails with what concerns all files, as `push_batch`.
  result<void> run();

private:
  result<std::vector<std::string>> status_names() const;
  result<std::vector<plan::spooled_answer>> answers() const;
  result<void> find_waiting();
  result<void> write_answer(const pushed_wal& file) const;
  result<void> tell(const pushed_wal& file) const;
  result<waiting_wal> look() const;

  const config::options& opts_;
  const std::string directory_;
  const std::string out_;
  const push_listener listener_;
  const std::unique_ptr<storage> wal_;
  std::optional<spool::spool_directory> spool_ = {};
  std::vector<std::string> due_ = {};
  size_t waiting_ = 0;
  std::map<std::string, int64_t> written_ns_ = {}; ///< of what is due, before anybody reads it
};

} // namespace pgbraid::cli

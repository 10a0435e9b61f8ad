// What the resident archiver does for those who ask it: the work, without sockets.
// Source: cli/command/README.md, section 4.5.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/archive/push.hpp"
#include "cli/server/archiver_queue.hpp"
#include "engine/base/clock.hpp"
#include "engine/base/result.hpp"
#include "engine/config/options.hpp"

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace pgbraid::cli {

/// The options of archive-push that a server works by: what its own words and files say.
/// Fails as archive-push does with such options, and with `option_required` (37) without pg-path.
result<config::options> push_options_of(const config::options& server);

/// Works in one thread; owns what it uses but the queue, which it shares.
class archiver_work {
public:
  archiver_work(const config::options& server, config::options push,
                std::shared_ptr<archiver_queue> queue)
      : server_(server), opts_(std::move(push)), queue_(std::move(queue)) {}

  /// Until the queue is closed.
  void run();

  /// The configuration says something else than at the start. May be called by any thread.
  bool is_outdated() const { return outdated_; }

private:
  std::optional<format::archiver_answer> do_one(const format::archiver_push& wal);
  std::optional<format::archiver_answer> refuse(const format::archiver_push& wal);
  std::optional<std::string> check_configuration();
  bool is_own_wal(const std::string& directory) const;
  format::archiver_answer store(const format::archiver_push& wal);
  result<void> store_connected(const push_request& wanted, const push_ends& between);
  std::optional<format::archiver_answer> run_batch(const format::archiver_push& wal);
  void leave_after_a_while();
  void rest();

  const config::options server_;
  const config::options opts_;
  const std::shared_ptr<archiver_queue> queue_;
  std::atomic<bool> outdated_ = false;
  std::optional<monotonic::time_point> checked_ = {};   ///< the configuration
  std::optional<std::string> refusal_ = {};             ///< what was said of it then
  std::optional<monotonic::time_point> connected_ = {}; ///< to other hosts, if it is
};

} // namespace pgbraid::cli

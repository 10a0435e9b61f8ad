// What the resident archiver does for those who ask it.
// SPDX-License-Identifier: MIT
#include "cli/command/archiver_work.hpp"

#include "cli/command/background_role.hpp"
#include "cli/command/journals.hpp"
#include "cli/command/push_settings.hpp"
#include "cli/command/waiting_push.hpp"
#include "cli/open/hosts.hpp"
#include "cli/open/locks.hpp"
#include "cli/open/whereabouts.hpp"
#include "engine/base/caught.hpp"
#include "engine/base/log.hpp"
#include "engine/base/path.hpp"
#include "engine/config/load.hpp"
#include "engine/format/spool_status.hpp"
#include "storage/spool/wal_time.hpp"

#include <sys/stat.h>

#include <chrono>
#include <mutex>
#include <utility>

namespace pgbraid::cli {

namespace {

using format::archiver_answer;
using format::archiver_done;
using format::archiver_elsewhere;
using std::chrono::milliseconds;

/// Connections to other hosts hold the archive locks there: others get their turn when there is
/// nothing to do for so long, or so much.
constexpr milliseconds idle_limit(1000);
constexpr milliseconds locks_held(10'000);
constexpr milliseconds configuration_trust(1000);

/// Warnings of one file, from any thread, even of one that is left behind.
class noted_warnings {
public:
  void add(const std::string& text) {
    log::warn("{}", text);
    const std::lock_guard held(mutex_);
    all_ += (all_.empty() ? "" : "\n") + text;
  }
  std::string all() {
    const std::lock_guard held(mutex_);
    return all_;
  }

private:
  std::mutex mutex_ = {};
  std::string all_ = {};
};

archiver_answer failed(const error& what) {
  if (what.code == errc::term)
    return archiver_elsewhere{"the archive server ends"};
  return archiver_done{static_cast<unsigned>(what.code), what.text()};
}

bool is_same_directory(const std::string& a, const std::string& b) {
  struct stat one = {};
  struct stat other = {};
  return ::stat(a.c_str(), &one) == 0 && ::stat(b.c_str(), &other) == 0 &&
         one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

std::string out_of(const config::options& opts) {
  return format::spool_out_path(opts.text("spool-path"), opts.text("stanza"));
}

/// What a batch told of a file before anybody asked for it.
std::optional<archiver_answer> told_before(const spool::spool_directory& spool,
                                           const format::archiver_push& wal) {
  const auto found = spool.status(wal.name + std::string(format::spool_ok_suffix));
  if (!found || !*found || !(*found)->says || (*found)->says->code != 0 ||
      spool::is_older_than_wal((*found)->changed_ns, wal.directory, wal.name))
    return std::nullopt;
  return archiver_done{0, (*found)->says->message};
}

} // namespace

result<config::options> push_options_of(const config::options& server) {
  auto out = server.for_command(config::command_id::archive_push);
  if (!out)
    return out.failure();
  std::vector<std::string> ignored;
  if (auto fine = config::check_final(*out, ignored); !fine)
    return fine.failure();
  if (auto local = require_pg_host(*out); !local)
    return local.failure();
  if (out->pg_count() == 0 || !out->has_value("pg-path", out->pg_default()))
    return error{errc::option_required, "archive-server command requires option: pg1-path",
                 "It archives WAL of that cluster alone."};
  return out;
}

/// Why nobody is served now, as the configuration is; nothing where it is as it was. Reading it
/// costs a fraction of a millisecond, so that no other way to see a change is needed.
std::optional<std::string> archiver_work::check_configuration() {
  const auto now = monotonic::now();
  if (checked_ && now - *checked_ < configuration_trust)
    return refusal_;
  checked_ = now;
  refusal_.reset();
  std::vector<std::string> ignored;
  const auto server = config::load(server_.inputs_of_run(), ignored);
  const auto push = server ? push_options_of(*server) : result<config::options>(server.failure());
  if (!push)
    refusal_ = "the configuration is no good: " + push.failure().message;
  else if (!push->same_values(opts_) || !server->same_values(server_)) {
    outdated_ = true;
    refusal_ = "the configuration has changed";
  }
  if (refusal_)
    log::warn("{}", *refusal_);
  return refusal_;
}

bool archiver_work::is_own_wal(const std::string& directory) const {
  const auto& data = opts_.text("pg-path", opts_.pg_default());
  return is_same_directory(directory, join_path(data, "pg_wal")) ||
         is_same_directory(directory, join_path(data, "pg_xlog"));
}

std::optional<archiver_answer> archiver_work::refuse(const format::archiver_push& wal) {
  if (auto why = check_configuration())
    return archiver_elsewhere{std::move(*why)};
  if (!is_own_wal(wal.directory))
    return archiver_elsewhere{"it is not in the WAL directory of the cluster of the stanza"};
  if (auto free = check_stop_file(opts_); !free)
    return failed(free.failure());
  return std::nullopt;
}

/// Connections that were open before may have broken meanwhile: once more, then, over new ones.
/// Everything else is opened anew for each file: what a repository says, its keys included, and
/// whether it is there at all, may have changed.
result<void> archiver_work::store_connected(const push_request& wanted, const push_ends& between) {
  const bool fresh = !connected_;
  leave_after_a_while();
  auto stored = push_wal(wanted, between);
  const bool by_repository = !stored && (stored.failure().code == errc::repo_invalid ||
                                         stored.failure().code == errc::command);
  if (!by_repository)
    return stored;
  for (const auto& door : between.to)
    door.reconnect();
  if (fresh)
    return stored;
  log::detail("once more, since it failed: {}", stored.failure().message);
  return push_wal(wanted, between);
}

archiver_answer archiver_work::store(const format::archiver_push& wal) {
  const auto between = push_ends_of(opts_, wal.directory);
  if (!between)
    return failed(between.failure());
  const auto warnings = std::make_shared<noted_warnings>();
  auto wanted = push_settings(opts_);
  wanted.wal = {.directory = wal.directory, .name = wal.name};
  wanted.warn = [warnings](const std::string& text) { warnings->add(text); };
  const auto stored = store_connected(wanted, *between);
  if (!stored)
    return failed(stored.failure());
  return archiver_done{0, warnings->all()};
}

/// Everything that waits, as the background process of archive-push does it. Nothing where it was
/// not this file's turn.
std::optional<archiver_answer> archiver_work::run_batch(const format::archiver_push& wal) {
  if (!spool::is_waiting(wal.directory, wal.name))
    return archiver_elsewhere{"PostgreSQL does not wait for it"};
  const auto out = out_of(opts_);
  const auto spool = spool::spool_directory::make(out);
  if (!spool)
    return archiver_elsewhere{spool.failure().message};
  if (const auto room = spool->has_room(); !room || !*room)
    return archiver_elsewhere{"there is no room in the spool"};
  if (auto told = told_before(*spool, wal))
    return told;
  leave_after_a_while();
  push_listener listener;
  listener.told = [this](const pushed_wal& file) {
    if (file.outcome)
      queue_->tell_stored(file.name, archiver_done{0, file.warnings});
    else
      queue_->tell(file.name, failed(file.outcome.failure()));
  };
  listener.ends = [this] { return queue_->is_closed(); };
  waiting_push push(opts_, wal.directory, out, std::move(listener));
  const auto done = run_in_background(opts_, out, [&]() -> result<void> {
    for (const auto& name : {wal.name + std::string(format::spool_error_suffix),
                             std::string(format::spool_global_error)})
      if (auto removed = spool->remove(name); !removed)
        return removed;
    return push.run();
  });
  queue_->end_round();
  if (done)
    return std::nullopt;
  if (done.failure().code == errc::lock_acquire && done.failure().transient)
    return archiver_elsewhere{done.failure().message};
  return failed(done.failure());
}

std::optional<archiver_answer> archiver_work::do_one(const format::archiver_push& wal) {
  if (auto refused = refuse(wal))
    return refused;
  return opts_.flag("archive-async") ? run_batch(wal) : store(wal);
}

/// Connections hold locks on other hosts.
void archiver_work::leave_after_a_while() {
  const auto now = monotonic::now();
  if (connected_ && now - *connected_ >= locks_held)
    rest();
  if (!connected_)
    connected_ = now;
}

void archiver_work::rest() {
  if (connected_)
    leave_hosts();
  connected_.reset();
}

void archiver_work::run() {
  uint64_t postponed = 0;
  while (true) {
    const auto one = queue_->next(monotonic::now() + idle_limit);
    if (!one) {
      rest();
      if (queue_->is_closed())
        return;
      continue;
    }
    const auto done =
        caught([&]() -> result<std::optional<archiver_answer>> { return do_one(one->wal); });
    if (!done)
      queue_->answer(one->caller, failed(done.failure()));
    else if (*done)
      queue_->answer(one->caller, **done);
    else if (postponed == one->caller)
      queue_->answer(one->caller, archiver_elsewhere{"it is not its turn"});
    postponed = one->caller;
  }
}

} // namespace pgbraid::cli

// The WAL files that wait in pg_wal, into every repository, with answers in the spool.
// SPDX-License-Identifier: MIT
#include "cli/command/waiting_push.hpp"

#include "cli/command/journals.hpp"
#include "cli/command/push_settings.hpp"
#include "cli/open/locks.hpp"
#include "storage/spool/wal_time.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace pgbraid::cli {

waiting_push::waiting_push(const config::options& opts, std::string wal_directory, std::string out,
                           push_listener listener)
    : opts_(opts), directory_(std::move(wal_directory)), out_(std::move(out)),
      listener_(std::move(listener)), wal_(make_posix_storage(directory_)) {}

result<std::vector<std::string>> waiting_push::status_names() const {
  auto listed = wal_->list("archive_status");
  if (!listed)
    return listed.failure();
  std::vector<std::string> out;
  if (*listed)
    for (const auto& one : **listed)
      out.push_back(one.name);
  return out;
}

result<std::vector<plan::spooled_answer>> waiting_push::answers() const {
  auto names = spool_->names();
  if (!names)
    return names.failure();
  std::vector<plan::spooled_answer> out;
  for (auto& name : *names) {
    plan::spooled_answer one{.name = std::move(name)};
    if (one.name.ends_with(format::spool_ok_suffix)) {
      const auto found = spool_->status(one.name);
      const auto wal = one.name.substr(0, one.name.size() - format::spool_ok_suffix.size());
      one.outdated = !found || !*found || !(*found)->says ||
                     spool::is_older_than_wal((*found)->changed_ns, directory_, wal);
    }
    out.push_back(std::move(one));
  }
  return out;
}

/// Looks at both directories, and removes what means nothing any more.
result<void> waiting_push::find_waiting() {
  auto made = spool::spool_directory::make(out_);
  if (!made)
    return made.failure();
  spool_ = std::move(*made);
  const auto status = status_names();
  if (!status)
    return status.failure();
  const auto answered = answers();
  if (!answered)
    return answered.failure();
  auto plan = plan::plan_push(*status, *answered);
  for (const auto& name : plan.remove)
    if (auto removed = spool_->remove(name); !removed)
      return removed;
  due_ = std::move(plan.due);
  waiting_ = static_cast<size_t>(std::ranges::count_if(
      *status, [](const auto& name) { return !plan::waiting_wal(name).empty(); }));
  for (const auto& name : due_)
    if (const auto written_ns = spool::wal_written_ns(directory_, name))
      written_ns_.emplace(name, *written_ns);
  return success();
}

result<void> waiting_push::write_answer(const pushed_wal& file) const {
  if (!file.outcome)
    return spool_->write(file.name + std::string(format::spool_error_suffix),
                         format::status_of(file.outcome.failure()));
  const auto written = written_ns_.find(file.name);
  return spool_->write(file.name + std::string(format::spool_ok_suffix), {.message = file.warnings},
                       written == written_ns_.end() ? std::optional<int64_t>() : written->second);
}

result<void> waiting_push::tell(const pushed_wal& file) const {
  if (auto written = write_answer(file); !written)
    return written;
  listener_.told(file);
  return success();
}

/// While the batch is at work.
result<waiting_wal> waiting_push::look() const {
  const auto status = status_names();
  if (!status)
    return status.failure();
  waiting_wal out;
  for (const auto& name : *status) {
    const auto wal = std::string(plan::waiting_wal(name));
    out.all += !wal.empty();
    if (!wal.empty() && !spool_->contains(wal + std::string(format::spool_ok_suffix)))
      out.unanswered.push_back(wal);
  }
  return out;
}

result<void> waiting_push::run() {
  if (auto free = check_stop_file(opts_); !free)
    return free;
  if (auto found = find_waiting(); !found)
    return found;
  push_batch_request wanted{.each = push_settings(opts_),
                            .batch_bytes = opts_.size_bytes("archive-push-batch-size"),
                            .process_max = static_cast<size_t>(opts_.integer("process-max")),
                            .due = due_,
                            .waiting = waiting_};
  wanted.each.wal.directory = directory_;
  wanted.look = [this] { return look(); };
  wanted.ends = listener_.ends;
  wanted.stall = std::chrono::milliseconds(opts_.time_ms("archive-timeout"));
  const auto between = push_ends_of(opts_, directory_);
  if (!between)
    return between.failure();
  return push_batch(wanted, *between, [this](const pushed_wal& file) { return tell(file); });
}

} // namespace pgbraid::cli

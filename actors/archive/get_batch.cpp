// Fetches WAL before PostgreSQL asks for it.
// SPDX-License-Identifier: MIT
#include "actors/archive/get_batch.hpp"

#include "actors/archive/batch_workers.hpp"
#include "actors/archive/get.hpp"
#include "engine/base/log.hpp"
#include "engine/base/stop_signal.hpp"
#include "engine/plan/spool_push.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <utility>

namespace pgbraid {

namespace {

class fetched_batch {
public:
  fetched_batch(const get_batch_request& wanted, const get_batch_ends& between,
                const tell_failed& tell)
      : wanted_(wanted), between_(between), tell_(tell), end_(wanted.names.size()),
        aside_(between.from.size(), false) {
    for (size_t i = 0; i < between.from.size(); ++i) {
      askers_.push_back(ask_kept(between.from[i], between.control));
      aside_[i] = std::ranges::find(wanted.aside, between.from[i].key) != wanted.aside.end();
    }
  }

  result<std::optional<std::string>> run();

private:
  using places = std::vector<size_t>;

  std::optional<size_t> next();
  places asked_first();
  got_wal ask(const std::string& name, const places& whom, unsigned process);
  result<bool> fetch(const std::string& name, unsigned process);
  void settle(size_t at, const result<bool>& found, unsigned process);
  void work(unsigned process);

  const get_batch_request& wanted_;
  const get_batch_ends& between_;
  const tell_failed& tell_;
  std::vector<wal_asker> askers_ = {};
  std::mutex mutex_ = {};
  size_t begun_ = 0;
  size_t end_;              ///< none is begun from there on
  bool is_missing_ = false; ///< the one at the end
  std::optional<error> failure_ = {};
  std::vector<bool> aside_; ///< of each repository: it was of no use for one segment
};

std::optional<size_t> fetched_batch::next() {
  const std::lock_guard held(mutex_);
  if (failure_ || begun_ >= end_ || should_stop())
    return std::nullopt;
  return begun_++;
}

/// Those who were of use so far; all where there is none of them.
fetched_batch::places fetched_batch::asked_first() {
  const std::lock_guard held(mutex_);
  places out;
  for (size_t i = 0; i < aside_.size(); ++i)
    if (!aside_[i])
      out.push_back(i);
  if (out.empty())
    for (size_t i = 0; i < aside_.size(); ++i)
      out.push_back(i);
  return out;
}

got_wal fetched_batch::ask(const std::string& name, const places& whom, unsigned process) {
  std::vector<wal_asker> from;
  for (const auto i : whom)
    from.push_back(askers_[i]);
  auto got = get_wal_of({.name = name,
                         .destination = {.directory = wanted_.directory, .name = name},
                         .patience = wanted_.answer_limit,
                         .once = true,
                         .found_level = log::level::detail,
                         .process = process},
                        between_.pgdata, from);
  const std::lock_guard held(mutex_);
  for (size_t i = 0; i < got.troubled.size(); ++i) {
    if (!got.troubled[i] || aside_[whom[i]])
      continue;
    aside_[whom[i]] = true;
    between_.troubled(askers_[whom[i]].key);
  }
  return got;
}

/// That a segment is not there is said only when every repository was asked.
result<bool> fetched_batch::fetch(const std::string& name, unsigned process) {
  const auto first = asked_first();
  auto got = ask(name, first, process);
  if ((got.found && *got.found) || first.size() == askers_.size())
    return std::move(got.found);
  if (!got.found && got.found.failure().code == errc::archive_duplicate)
    return std::move(got.found);
  places all;
  for (size_t i = 0; i < askers_.size(); ++i)
    all.push_back(i);
  return std::move(ask(name, all, process).found);
}

void fetched_batch::settle(size_t at, const result<bool>& found, unsigned process) {
  if (found && *found)
    return;
  const auto& name = wanted_.names[at];
  const bool stopped = !found && found.failure().code == errc::term;
  result<void> told = success();
  if (!found && !stopped) {
    log::write(log::level::warn,
               fmt::format("[{}] {}", error_name(found.failure().code), found.failure().text()),
               process);
    told = tell_(name, found.failure());
  }
  const std::lock_guard held(mutex_);
  if (at < end_) {
    end_ = at;
    is_missing_ = static_cast<bool>(found);
  }
  if (!failure_ && stopped)
    failure_ = found.failure();
  else if (!failure_ && !told)
    failure_ = told.failure();
}

void fetched_batch::work(unsigned process) {
  while (const auto at = next())
    settle(*at, fetch(wanted_.names[*at], process), process);
}

result<std::optional<std::string>> fetched_batch::run() {
  using name = std::optional<std::string>;
  if (wanted_.names.empty())
    return name();
  log::info("get {} WAL file(s) from archive: {}{}", wanted_.names.size(), wanted_.names.front(),
            wanted_.names.size() > 1 ? "..." + wanted_.names.back() : "");
  const polled_signals polling; // All workers': theirs come and go.
  run_workers(plan::batch_workers(wanted_.names.size(), wanted_.process_max,
                                  between_.control.wal_segment_bytes),
              [this](unsigned process) { work(process); });
  if (failure_)
    return *failure_;
  if (should_stop())
    return error{errc::term, "terminated while WAL was fetched"};
  return is_missing_ ? name(wanted_.names[end_]) : name();
}

} // namespace

result<std::optional<std::string>>
get_batch(const get_batch_request& wanted, const get_batch_ends& between, const tell_failed& tell) {
  return fetched_batch(wanted, between, tell).run();
}

} // namespace pgbraid

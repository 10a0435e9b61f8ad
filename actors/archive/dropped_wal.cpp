// WAL that is given up because too much of it waits.
// SPDX-License-Identifier: MIT
#include "actors/archive/dropped_wal.hpp"

#include "engine/base/caught.hpp"
#include "engine/base/clock.hpp"
#include "engine/base/log.hpp"
#include "engine/base/side_by_side.hpp"
#include "engine/base/units.hpp"
#include "engine/format/repository_path.hpp"
#include "engine/postgres/wal_name.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <utility>

namespace pgbraid {

namespace {

/// Who works answers in a fraction of that, and who hangs must not hold up those who wait.
constexpr std::chrono::seconds answer_limit(2);

using names_of_wal = std::set<std::string>;

/// Which of these WAL files a repository has: one list for each of its directories.
result<names_of_wal> stored_of(const repository_door& door, const std::vector<std::string>& names) {
  auto repo = door.open();
  if (!repo)
    return repo.failure();
  const auto info = (*repo)->load_archive_info();
  if (!info)
    return info.failure();
  const auto id = format::archive_id(info->current());
  names_of_wal directories;
  for (const auto& name : names)
    if (postgres::is_segment_name(name))
      directories.insert(format::wal_directory((*repo)->stanza(), id, name));
  names_of_wal out;
  for (const auto& directory : directories) {
    const auto listed = (*repo)->files().list(directory);
    if (!listed)
      return listed.failure();
    if (!*listed)
      continue;
    for (const auto& one : **listed)
      if (const auto wal = format::parse_wal_entry(one.name); wal && !wal->partial)
        out.insert(wal->segment);
  }
  return out;
}

/// What a thread uses that may be left behind.
struct asked_repositories {
  std::vector<std::optional<result<names_of_wal>>> answers;
  std::mutex mutex = {};
  std::condition_variable changed = {};
};

/// Each in a thread of its own, be it the only one.
std::vector<std::optional<result<names_of_wal>>> ask(const std::vector<repository_door>& doors,
                                                     const std::vector<std::string>& names) {
  const auto shared = std::make_shared<asked_repositories>();
  shared->answers.resize(doors.size());
  for (size_t i = 0; i < doors.size(); ++i)
    run_aside([shared, i, door = doors[i], names] {
      auto said = caught([&] { return stored_of(door, names); });
      const std::lock_guard held(shared->mutex);
      shared->answers[i].emplace(std::move(said));
      shared->changed.notify_all();
    });
  const auto until = monotonic::now() + answer_limit;
  std::unique_lock held(shared->mutex);
  while (std::ranges::any_of(shared->answers, [](const auto& one) { return !one.has_value(); }))
    if (wait_until(shared->changed, held, until) == std::cv_status::timeout)
      break;
  return shared->answers;
}

std::vector<std::string> without(const std::vector<std::string>& names, const names_of_wal& there) {
  std::vector<std::string> out;
  std::ranges::copy_if(names, std::back_inserter(out),
                       [&](const auto& name) { return !there.contains(name); });
  return out;
}

} // namespace

void dropped_wal::note_in(const told_journal& one, const std::vector<std::string>& missing,
                          uint64_t segment_bytes) {
  auto journal = one.journal;
  const auto noted =
      journal ? journal->note_gap(missing, segment_bytes) : result<bool>(journal.failure());
  if (noted || !told_.insert(one.door.key).second)
    return;
  const auto [first, last] = std::ranges::minmax(missing);
  log::warn("repo{} will miss WAL from {} to {} and maybe more, which cannot be noted: {}",
            one.door.key, first, last, noted.failure().message);
}

void dropped_wal::note(const std::vector<std::string>& names, uint64_t segment_bytes) {
  const std::lock_guard held(mutex_);
  std::vector<repository_door> asked;
  for (const auto& one : from_.journals)
    if (!silent_.contains(one.door.key))
      asked.push_back(one.door);
  const auto said = ask(asked, names);
  std::map<unsigned, names_of_wal> there;
  for (size_t i = 0; i < asked.size(); ++i) {
    if (said[i] && *said[i])
      there[asked[i].key] = **said[i];
    else
      silent_.insert(asked[i].key);
  }
  for (const auto& one : from_.journals)
    if (const auto missing = without(names, there[one.door.key]); !missing.empty())
      note_in(one, missing, segment_bytes);
}

std::string dropped_text(std::string_view name, uint64_t queue_max) {
  return fmt::format("dropped WAL file '{}' because archive queue exceeded {}", name,
                     format_size(queue_max));
}

uint64_t segment_bytes_of(const push_ends& between, const std::vector<std::string>& names) {
  const auto one = std::ranges::find_if(names, postgres::is_segment_or_partial_name);
  if (one == names.end())
    return 0;
  const auto about = between.wal->info(*one);
  return about && *about ? (*about)->size_bytes : 0;
}

} // namespace pgbraid

// What a background push does.
// SPDX-License-Identifier: MIT
#include "engine/plan/spool_push.hpp"

#include "engine/postgres/wal_name.hpp"

#include <algorithm>
#include <set>

namespace pgbraid::plan {

namespace {

constexpr std::string_view ready_suffix = ".ready";
constexpr std::string_view ok_suffix = ".ok";

/// All segments of a batch that are in memory at the same time.
constexpr uint64_t held_limit_bytes = uint64_t{512} << 20;

/// PostgreSQL 14 and later ask for a history file before every segment, so that nobody takes the
/// number of its timeline meanwhile; otherwise the oldest name comes first.
bool asked_before(std::string_view a, std::string_view b) {
  const bool first = postgres::is_history_name(a);
  const bool second = postgres::is_history_name(b);
  return first == second ? a < b : first;
}

} // namespace

std::string_view waiting_wal(std::string_view status_name) {
  if (!status_name.ends_with(ready_suffix))
    return {};
  status_name.remove_suffix(ready_suffix.size());
  return postgres::is_archived_name(status_name) ? status_name : std::string_view();
}

push_plan plan_push(std::span<const std::string> status_names,
                    std::span<const spooled_answer> answers) {
  std::set<std::string_view> waiting;
  for (const auto& name : status_names)
    if (const auto wal = waiting_wal(name); !wal.empty())
      waiting.insert(wal);
  push_plan out;
  for (const auto& answer : answers) {
    std::string_view wal = answer.name;
    const bool ok = wal.ends_with(ok_suffix);
    if (ok)
      wal.remove_suffix(ok_suffix.size());
    // With the last one PostgreSQL has asked, and was answered. What is left of it would speak of
    // another file when its name comes again.
    if (ok && !answer.outdated && waiting.contains(wal))
      waiting.erase(wal);
    else
      out.remove.push_back(answer.name);
  }
  out.due.assign(waiting.begin(), waiting.end());
  std::ranges::sort(out.due, asked_before);
  return out;
}

size_t batch_files(size_t due, uint64_t batch_bytes, uint64_t each_bytes) {
  if (each_bytes == 0)
    return due;
  return static_cast<size_t>(
      std::min<uint64_t>(due, std::max<uint64_t>(1, batch_bytes / each_bytes)));
}

size_t batch_workers(size_t files, size_t process_max, uint64_t each_bytes) {
  const auto held = each_bytes == 0 ? files : held_limit_bytes / each_bytes;
  return std::max<size_t>(1, std::min({files, process_max, static_cast<size_t>(held)}));
}

} // namespace pgbraid::plan

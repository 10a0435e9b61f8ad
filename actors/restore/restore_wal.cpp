// Listing archives for a restore.
// SPDX-License-Identifier: MIT
#include "actors/restore/restore_wal.hpp"

#include "engine/base/clock.hpp"
#include "engine/base/log.hpp"
#include "engine/format/repository_path.hpp"
#include "engine/format/wal_entry.hpp"
#include "engine/plan/restore_doubt.hpp"
#include "engine/plan/restore_wal.hpp"
#include "engine/postgres/wal_name.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace pgbraid {

namespace {

// A directory holds 4 GiB of WAL; whoever replays more than this reads about it later.
constexpr size_t max_directories = 2048;

using stock = std::vector<plan::archived_segment>;

/// The directory of one log of one timeline.
bool is_wal_directory(const entry& found, const plan::log_range& wanted) {
  return found.info.kind == entry_kind::path && postgres::is_wal_directory_name(found.name) &&
         wanted.contains(plan::archived_segment_of(found.name + "00000000", 0).log);
}

result<void> add_directory(storage& files, const std::string& path, stock& to) {
  auto entries = files.list(path);
  if (!entries)
    return entries.failure();
  if (!*entries)
    return success(); // expired meanwhile
  for (const auto& found : **entries) {
    const auto segment = format::parse_wal_entry(found.name);
    if (segment && !segment->partial && found.info.kind == entry_kind::file)
      to.push_back(plan::archived_segment_of(segment->segment, found.info.mtime_s));
  }
  return success();
}

result<void> add_archive(storage& files, const std::string& path, const plan::log_range& wanted,
                         stock& to) {
  auto entries = files.list(path);
  if (!entries)
    return entries.failure();
  if (!*entries)
    return success();
  std::vector<std::string> directories;
  for (const auto& found : **entries)
    if (is_wal_directory(found, wanted))
      directories.push_back(found.name);
  // By log, not by timeline: recovery goes through all timelines at once.
  std::ranges::sort(directories, {}, [](const auto& name) { return name.substr(8); });
  directories.resize(std::min(directories.size(), max_directories));
  for (const auto& name : directories)
    if (auto added = add_directory(files, path + "/" + name, to); !added)
      return added;
  return success();
}

/// What to look for; each repository's thread has its own.
struct wanted_wal {
  uint64_t system_id = 0;
  std::string db_version = {};
  plan::log_range logs = {};
};

result<stock> list_stock(open_repository repo, const wanted_wal& wanted) {
  auto info = repo->load_archive_info();
  if (!info)
    return info.failure();
  stock out;
  for (const auto* one : info->matching(wanted.system_id, wanted.db_version)) {
    const auto path = format::archive_path(repo->stanza()) + "/" + format::archive_id(*one);
    if (auto added = add_archive(*repo.files, path, wanted.logs, out); !added)
      return added.failure();
  }
  return out;
}

/// Of all archives together.
struct whole_stock {
  stock segments = {};
  bool complete = true; ///< every repository answered
};

/// WARN for those that do not answer.
whole_stock list_all(const std::vector<repository_door>& archives,
                     const plan::wal_question& question, std::chrono::milliseconds limit) {
  const wanted_wal wanted{.system_id = question.backup->system_id,
                          .db_version = question.backup->db_version,
                          .logs = plan::wanted_logs(question)};
  const auto ask = [wanted](open_repository repo) { return list_stock(std::move(repo), wanted); };
  whole_stock out;
  for (auto& one : ask_repositories<stock>(archives, ask, limit)) {
    out.complete = out.complete && one.said;
    if (one.said)
      out.segments.insert(out.segments.end(), one.said->begin(), one.said->end());
    else
      log::warn("repo{}: the WAL that the backup needs could not be looked for: [{}] {}", one.key,
                error_name(one.said.failure().code), one.said.failure().text());
  }
  return out;
}

} // namespace

result<size_t> check_wal(const restore_request& wanted,
                         const std::vector<repository_door>& archives,
                         const restore_source& source) {
  const auto& target = wanted.recovery.target;
  size_t warned = 0;
  if (auto text = plan::future_warning(source.type, target, wall_s())) {
    log::warn("{}", *text);
    ++warned;
  }
  const auto question = plan::wal_question_of(source.backup, source.type, target,
                                              source.target.number, source.target.history);
  if (!question)
    return warned;
  auto found = list_all(archives, *question, wanted.answer_limit);
  const auto answer = plan::judge_wal(*question, std::move(found.segments));
  for (const auto& text : answer.warnings)
    log::warn("{}", text);
  warned += answer.warnings.size() + (found.complete ? 0 : 1);
  if (!answer.missing)
    return warned;
  const bool elsewhere = plan::has_other_sources(source.type, wanted.recovery.options);
  auto line = plan::refuse_or_warn(plan::rule_for_wal(wanted.on_doubt, found.complete, elsewhere),
                                   plan::missing_wal(source.backup, *answer.missing));
  if (!line)
    return line.failure();
  log::warn("{}", *line);
  return warned + 1;
}

} // namespace pgbraid

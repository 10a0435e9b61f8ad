// Listing archives for a restore.
// SPDX-License-Identifier: MIT
#include "cli/command/restore_wal.hpp"

#include "cli/open/ask_repositories.hpp"
#include "engine/base/clock.hpp"
#include "engine/base/log.hpp"
#include "engine/format/repository_path.hpp"
#include "engine/format/wal_entry.hpp"
#include "engine/plan/restore_doubt.hpp"
#include "engine/plan/restore_wal.hpp"
#include "engine/postgres/wal_name.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace pgbraid::cli {

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

result<stock> list_stock(const config::options& opts, size_t position, const wanted_wal& wanted) {
  auto repo = open_repository_at(opts, position);
  if (!repo)
    return repo.failure();
  auto info = (*repo)->load_archive_info();
  if (!info)
    return info.failure();
  stock out;
  for (const auto* one : info->matching(wanted.system_id, wanted.db_version)) {
    const auto path = format::archive_path((*repo)->stanza()) + "/" + format::archive_id(*one);
    if (auto added = add_archive(*repo->files, path, wanted.logs, out); !added)
      return added.failure();
  }
  return out;
}

/// Of all repositories that answer; WARN for the others.
stock list_all(const config::options& opts, const plan::wal_question& question, bool& complete) {
  const wanted_wal wanted{.system_id = question.backup->system_id,
                          .db_version = question.backup->db_version,
                          .logs = plan::wanted_logs(question)};
  const auto ask = [wanted](const config::options& own, size_t position) {
    return list_stock(own, position, wanted);
  };
  stock out;
  for (auto& one : ask_repositories<stock>(opts, repository_positions(opts), ask)) {
    complete = complete && one.said;
    if (one.said)
      out.insert(out.end(), one.said->begin(), one.said->end());
    else
      log::warn("repo{}: the WAL that the backup needs could not be looked for: [{}] {}", one.key,
                error_name(one.said.failure().code), one.said.failure().text());
  }
  return out;
}

plan::doubt_rule doubt_rule_of(const config::options& opts) {
  return opts.text("restore-check") == "refuse" ? plan::doubt_rule::refuse : plan::doubt_rule::warn;
}

} // namespace

result<void> refuse_or_warn(const config::options& opts, const error& what) {
  auto line = plan::refuse_or_warn(doubt_rule_of(opts), what);
  if (!line)
    return line.failure();
  log::warn("{}", *line);
  return success();
}

result<size_t> check_wal(const config::options& opts, const restore_source& source) {
  const auto target = opts.has_value("target") ? opts.text("target") : std::string();
  size_t warned = 0;
  if (auto text = plan::future_warning(source.type, target, wall_s())) {
    log::warn("{}", *text);
    ++warned;
  }
  const auto question =
      plan::wal_question_of(source.backup, source.type, target, source.timeline, source.history);
  if (!question)
    return warned;
  bool complete = true;
  auto all = list_all(opts, *question, complete);
  const auto answer = plan::judge_wal(*question, std::move(all));
  for (const auto& text : answer.warnings)
    log::warn("{}", text);
  warned += answer.warnings.size() + (complete ? 0 : 1);
  if (!answer.missing)
    return warned;
  const auto rule =
      plan::rule_for_wal(doubt_rule_of(opts), complete,
                         plan::has_other_sources(source.type, opts.map("recovery-option")));
  auto line = plan::refuse_or_warn(rule, plan::missing_wal(source.backup, *answer.missing));
  if (!line)
    return line.failure();
  log::warn("{}", *line);
  return warned + 1;
}

} // namespace pgbraid::cli

// Listing archives for a restore.
// SPDX-License-Identifier: MIT
#include "cli/command/restore_wal.hpp"

#include "cli/open/ask_repositories.hpp"
#include "engine/base/clock.hpp"
#include "engine/base/log.hpp"
#include "engine/format/repository_path.hpp"
#include "engine/format/wal_entry.hpp"
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

/// Whether WAL may come from where we cannot look.
bool has_other_sources(const config::options& opts, plan::recovery_type type) {
  const auto& given = opts.map("recovery-option");
  return type == plan::recovery_type::preserve || type == plan::recovery_type::standby ||
         given.contains("restore-command") || given.contains("restore_command");
}

error missing_wal(const format::manifest& backup, const std::string& segment) {
  return {errc::file_missing,
          fmt::format("WAL segment {} is in no archive, but backup set {} needs all WAL from {} to "
                      "{} to become consistent",
                      segment, backup.label, *backup.archive_start, *backup.archive_stop),
          "A cluster restored from this set would not start. Choose another one with --set, or go "
          "on with --restore-check=warn where the segment will come from elsewhere."};
}

} // namespace

result<void> refuse_or_warn(const config::options& opts, const error& what) {
  if (opts.text("restore-check") == "refuse") {
    auto refusal = what;
    refusal.hint += "\nNothing was changed.";
    return refusal;
  }
  log::warn("{}", what.message);
  return success();
}

result<size_t> check_wal(const config::options& opts, const restore_source& source) {
  using enum plan::recovery_type;
  const auto& backup = source.backup;
  const auto target = opts.has_value("target") ? opts.text("target") : std::string();
  size_t warned = 0;
  if (auto text = plan::future_warning(source.type, target, wall_s())) {
    log::warn("{}", *text);
    ++warned;
  }
  if (!backup.options.online || !backup.options.archive_check || source.type == none ||
      backup.options.archive_copy || !backup.archive_start || !backup.archive_stop ||
      !postgres::is_segment_name(*backup.archive_start) ||
      !postgres::is_segment_name(*backup.archive_stop))
    return warned;
  const plan::wal_question question{.backup = &backup,
                                    .type = source.type,
                                    .target = target,
                                    .timeline = source.timeline != 0
                                                    ? source.timeline
                                                    : postgres::timeline_of(*backup.archive_start),
                                    .history = source.history};
  bool complete = true;
  auto all = list_all(opts, question, complete);
  const auto answer = plan::judge_wal(question, std::move(all));
  for (const auto& text : answer.warnings)
    log::warn("{}", text);
  warned += answer.warnings.size() + (complete ? 0 : 1);
  if (!answer.missing)
    return warned;
  const auto what = missing_wal(backup, *answer.missing);
  if (!complete || has_other_sources(opts, source.type))
    log::warn("{}", what.message);
  else if (auto agreed = refuse_or_warn(opts, what); !agreed)
    return agreed.failure();
  return warned + 1;
}

} // namespace pgbraid::cli

// Choosing and loading the backup to restore.
// SPDX-License-Identifier: MIT
#include "cli/command/restore_source.hpp"

#include "cli/open/ask_repositories.hpp"
#include "engine/base/failures.hpp"
#include "engine/base/log.hpp"
#include "engine/codec/cipher_text.hpp"
#include "engine/format/repository_path.hpp"
#include "engine/format/timeline_history.hpp"
#include "engine/plan/restore_choice.hpp"
#include "engine/plan/restore_timeline.hpp"
#include "engine/plan/target_time.hpp"
#include "engine/postgres/wal_name.hpp"
#include "storage/repository/sealed_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace pgbraid::cli {

namespace {

/// A repository whose backup.info could be read.
struct candidate {
  open_repository repo;
  format::backup_info info;
};

/// Where there is no backup.info, there is no backup to restore, which is said in the end. One that
/// is there and cannot be understood (a wrong passphrase, damage) is an error of its own.
bool nothing_to_read(const error& what) {
  return what.code == errc::file_missing || what.code == errc::file_open;
}

result<candidate> load_candidate(const config::options& opts, size_t position) {
  auto repo = open_repository_at(opts, position);
  if (!repo)
    return repo.failure();
  auto info = (*repo)->load_backup_info();
  if (!info)
    return info.failure();
  return candidate{std::move(*repo), std::move(*info)};
}

/// Who can be restored from.
struct candidates {
  std::vector<candidate> usable = {};
  bool complete = true; ///< every repository could be read
};

result<candidates> load_candidates(const config::options& opts) {
  candidates out;
  joined_failures failed;
  repository_errors lines;
  for (auto& one : ask_repositories<candidate>(opts, repository_positions(opts), load_candidate)) {
    if (one.said) {
      out.usable.push_back(std::move(*one.said));
      continue;
    }
    if (!nothing_to_read(one.said.failure()))
      failed.add(one.key, one.said.failure());
    lines.add(one.key, one.said.failure());
  }
  out.complete = lines.empty();
  if (out.usable.empty() && !failed.empty())
    return failed.outcome().failure();
  for (const auto& line : lines.lines())
    log::warn("{}", line);
  return out;
}

/// Said while there is still time.
void warn_of_recovery(const restore_source& source) {
  log::warn("recovery asks every repository for WAL: where a segment, or the history of a newer "
            "timeline, may be in one that does not answer, PostgreSQL is stopped, or told so\n"
            "HINT: To recover from {} alone, restore with --repo={}.",
            source.repo->name(), source.repo->key());
}

result<plan::backup_choice> choose(const config::options& opts,
                                   const std::vector<candidate>& candidates) {
  std::vector<plan::choice_candidate> choices;
  for (const auto& at : candidates) {
    choices.push_back({.repo_key = at.repo->key(), .info = &at.info});
    if (at.info.backups.empty())
      log::warn("{}: there is no backup", at.repo->name());
  }
  plan::choice_wish wish{.type = *plan::parse_recovery_type(opts.text("type"))};
  if (opts.has_value("set") && opts.text("set") != "latest")
    wish.set = opts.text("set");
  if (opts.has_value("target"))
    wish.target = opts.text("target");
  return plan::choose_backup(choices, wish);
}

/// The backup's part of the WAL archive.
struct backup_archive {
  std::string archive_id;
  secret pass;
};

result<backup_archive> find_archive(const restore_source& source) {
  auto info = source.repo->load_archive_info();
  if (!info)
    return info.failure();
  const auto& backup = source.backup;
  const auto* entry = info->find(backup.history_id, backup.system_id, backup.db_version);
  if (entry == nullptr)
    return error{errc::archive_mismatch,
                 fmt::format("the archive of {} knows no cluster with system id {} and version {}",
                             source.repo->name(), backup.system_id, backup.db_version)};
  return backup_archive{format::archive_id(*entry), std::move(info->cipher_pass)};
}

/// The highest timeline that has a history file, else `fallback`.
result<uint32_t> latest_timeline(const restore_source& source, const backup_archive& archive,
                                 uint32_t fallback) {
  const auto path = format::archive_path(source.repo->stanza()) + "/" + archive.archive_id;
  auto entries = source.repo->files().list(path);
  if (!entries)
    return entries.failure();
  uint32_t latest = fallback;
  if (*entries)
    for (const auto& entry : **entries)
      if (postgres::is_history_name(entry.name))
        latest = std::max(latest, postgres::timeline_of(entry.name));
  return latest;
}

result<std::vector<format::timeline_switch>>
load_history(const restore_source& source, const backup_archive& archive, uint32_t timeline) {
  const auto path = format::wal_history_path(source.repo->stanza(), archive.archive_id,
                                             fmt::format("{:08X}.history", timeline));
  auto content = read_all(source.repo->files(), path, format::stored_history_limit_bytes);
  if (!content)
    return content.failure();
  if (archive.pass.empty())
    return format::parse_timeline_history(*content);
  const auto text = codec::decrypt_all(as_bytes(*content), archive.pass.view());
  if (!text)
    return text.failure().within("'" + path + "'");
  return format::parse_timeline_history(as_text(*text));
}

/// Finds the timeline of the source, too.
result<void> check_target_timeline(const config::options& opts, restore_source& source) {
  using enum plan::timeline_wish_kind;
  const auto option = opts.has_value("target-timeline")
                          ? std::optional(opts.text("target-timeline"))
                          : std::nullopt;
  const auto wish = plan::read_timeline_wish(option, source.type, source.version);
  if (!wish)
    return wish.failure(); // whatever becomes of it: the text goes into PostgreSQL's configuration
  const auto& backup = source.backup;
  if (!backup.options.online || !backup.archive_start || !backup.lsn_start ||
      source.type == plan::recovery_type::none)
    return success();
  if (!postgres::is_segment_name(*backup.archive_start))
    return error{errc::format, "the manifest has no valid backup-archive-start"};
  const auto own = postgres::timeline_of(*backup.archive_start);
  source.timeline = own;
  if (wish->kind == current)
    return success();
  const auto start = postgres::parse_lsn(*backup.lsn_start);
  if (!start)
    return start.failure();
  auto archive = find_archive(source);
  if (!archive)
    return archive.failure();
  auto target = wish->kind == number ? result<uint32_t>(wish->number)
                                     : latest_timeline(source, *archive, own);
  if (!target)
    return target.failure();
  if (*target == own)
    return success();
  auto history = load_history(source, *archive, *target);
  if (!history)
    return history.failure();
  source.timeline = *target;
  source.history = std::move(*history);
  return plan::check_timeline(*target, own, *start, source.history);
}

} // namespace

result<restore_source> open_restore_source(const config::options& opts) {
  auto found = load_candidates(opts);
  if (!found)
    return found.failure();
  auto chosen = choose(opts, found->usable);
  if (!chosen)
    return chosen.failure();
  for (const auto& line : chosen->warnings)
    log::warn("{}", line);
  auto& from = found->usable[chosen->candidate];
  auto backup = from.repo->load_manifest(chosen->label, from.info.cipher_pass);
  if (!backup)
    return backup.failure();
  const auto version = postgres::parse_version(backup->db_version);
  if (!version)
    return version.failure();
  const bool online = backup->options.online;
  restore_source out{.repo = std::move(from.repo),
                     .backup = std::move(*backup),
                     .version = *version,
                     .type = plan::type_for_backup(*plan::parse_recovery_type(opts.text("type")),
                                                   opts.is_set("type"), online)};
  if (auto reachable = check_target_timeline(opts, out); !reachable)
    return reachable.failure();
  if (auto valid = format::validate(out.backup, format::strictness::lenient); !valid)
    return valid.failure();
  log::info("{}: restore backup set {}{}", out.repo->name(), out.backup.label,
            online ? ", recovery will start at " + plan::format_local_time(out.backup.start_s)
                   : std::string());
  if (!found->complete && out.type != plan::recovery_type::none)
    warn_of_recovery(out);
  return out;
}

} // namespace pgbraid::cli

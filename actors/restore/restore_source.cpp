// Choosing and loading the backup to restore.
// SPDX-License-Identifier: MIT
#include "actors/restore/restore_source.hpp"

#include "engine/base/failures.hpp"
#include "engine/base/log.hpp"
#include "engine/format/backup_info.hpp"
#include "engine/plan/block_check.hpp"
#include "engine/plan/restore_choice.hpp"
#include "engine/plan/target_time.hpp"

#include <optional>
#include <string>
#include <utility>

namespace pgbraid {

namespace {

using candidate = backup_repository;

/// Where there is no backup.info, there is no backup to restore, which is said in the end. One that
/// is there and cannot be understood (a wrong passphrase, damage) is an error of its own.
bool nothing_to_read(const error& what) {
  return what.code == errc::file_missing || what.code == errc::file_open;
}

result<candidate> load_candidate(open_repository repo) {
  auto info = repo->load_backup_info();
  if (!info)
    return info.failure();
  return candidate{std::move(repo), std::move(*info)};
}

/// Who can be restored from.
struct candidates {
  std::vector<candidate> usable = {};
  bool complete = true; ///< every repository could be read
};

result<candidates> load_candidates(const restore_request& wanted,
                                   const std::vector<repository_door>& from) {
  candidates out;
  joined_failures failed;
  repository_errors lines;
  for (auto& one : ask_repositories<candidate>(from, load_candidate, wanted.answer_limit)) {
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

result<plan::backup_choice> choose(const restore_request& wanted,
                                   const std::vector<candidate>& candidates) {
  std::vector<plan::choice_candidate> choices;
  for (const auto& at : candidates) {
    choices.push_back({.repo_key = at.repo->key(), .info = &at.info});
    if (at.info.backups.empty())
      log::warn("{}: there is no backup", at.repo->name());
  }
  return plan::choose_backup(
      choices, {.set = wanted.set, .type = wanted.recovery.type, .target = wanted.recovery.target});
}

/// The repository that was chosen, and its backup, whose name is right.
result<restore_source> load(const restore_request& wanted, candidate from,
                            const std::string& label) {
  auto backup = from.repo->load_manifest(label, from.info.cipher_pass);
  if (!backup)
    return backup.failure();
  if (auto readable = plan::check_blocks(*backup, from.info); !readable)
    return readable.failure();
  const auto version = postgres::parse_version(backup->db_version);
  if (!version)
    return version.failure();
  const auto type =
      plan::type_for_backup(wanted.recovery.type, wanted.type_given, backup->options.online);
  return restore_source{.repo = std::move(from.repo),
                        .backup = std::move(*backup),
                        .version = *version,
                        .type = type};
}

/// Those that list the same backup as the chosen one; they are taken out of the candidates.
std::vector<candidate> take_others(std::vector<candidate>& all, size_t chosen,
                                   const std::string& label) {
  const auto* wanted = all[chosen].info.find(label);
  std::vector<candidate> out;
  for (size_t i = 0; i < all.size(); ++i) {
    const auto* there = all[i].info.find(label);
    if (i != chosen && there != nullptr && there->lsn_start == wanted->lsn_start &&
        there->archive_start == wanted->archive_start)
      out.push_back(std::move(all[i]));
  }
  return out;
}

/// From the chosen repository, or else from the next one whose manifest can be read.
result<restore_source> load_any(const restore_request& wanted, candidate chosen,
                                std::vector<candidate> others, const std::string& label) {
  std::optional<error> first;
  const auto name = chosen.repo->name();
  others.insert(others.begin(), std::move(chosen));
  while (!others.empty()) {
    auto next = std::move(others.front());
    others.erase(others.begin());
    auto out = load(wanted, std::move(next), label);
    if (out) {
      if (first)
        log::warn("{}: {}\nHINT: The backup is restored from {}.", name, first->text(),
                  out->repo->name());
      out->others = std::move(others);
      return out;
    }
    if (!first)
      first = out.failure();
  }
  return *first;
}

} // namespace

result<restore_source> open_restore_source(const restore_request& wanted,
                                           const std::vector<repository_door>& from) {
  auto found = load_candidates(wanted, from);
  if (!found)
    return found.failure();
  auto chosen = choose(wanted, found->usable);
  if (!chosen)
    return chosen.failure();
  for (const auto& line : chosen->warnings)
    log::warn("{}", line);
  auto others = take_others(found->usable, chosen->candidate, chosen->label);
  auto out = load_any(wanted, std::move(found->usable[chosen->candidate]), std::move(others),
                      chosen->label);
  if (!out)
    return out;
  auto target = find_target_timeline(*out->repo, out->backup,
                                     {wanted.recovery.target_timeline, out->type, out->version});
  if (!target)
    return target.failure();
  out->target = std::move(*target);
  if (auto valid = format::validate(out->backup, format::strictness::lenient); !valid)
    return valid.failure();
  log::info("{}: restore backup set {}{}", out->repo->name(), out->backup.label,
            out->backup.options.online
                ? ", recovery will start at " + plan::format_local_time(out->backup.start_s)
                : std::string());
  if (!found->complete && out->type != plan::recovery_type::none)
    warn_of_recovery(*out);
  return out;
}

} // namespace pgbraid

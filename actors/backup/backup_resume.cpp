// Backup: going on with one that was not completed.
// Source of the rules: cli/command/README.md, section 5.11.
// SPDX-License-Identifier: MIT
#include "actors/backup/backup_run.hpp"
#include "actors/backup/resumed_directory.hpp"
#include "actors/backup/stored_check.hpp"
#include "engine/base/clock.hpp"
#include "engine/base/log.hpp"
#include "engine/base/units.hpp"
#include "engine/format/info_value.hpp"
#include "engine/format/repository_path.hpp"
#include "engine/io/label_note.hpp"
#include "engine/plan/expire_backups.hpp"

#include <algorithm>

namespace pgbraid {

/// Locks do not tell whether another host works on an incomplete backup; that it was begun under
/// the lock that is held here tells that nobody does.
/// @param changes_nothing  our own clock is believed then
result<bool> backup_run::is_nobodys(const std::string& label, bool changes_nothing) {
  const auto now_s =
      changes_nothing
          ? wall_s()
          : storage_time_s(repo.files(), format::backup_path(repo.stanza()), wanted.exec_id);
  auto busy = is_in_progress(repo, label, now_s);
  if (!busy)
    return busy.failure();
  // It may have become a backup since.
  auto there = repo.look_at_backup(label);
  if (!there)
    return there.failure();
  const bool dead = io::noted_label(wanted.lock_path, repo.stanza(), repo.key()) == label;
  return (dead || !*busy) && !there->has_manifest;
}

/// The newest directory, if it is that of a backup that was not completed, and on which nobody
/// works any more; takes it out of those found then.
result<std::optional<disk_backup>> backup_run::find_incomplete(std::vector<disk_backup>& found,
                                                               bool changes_nothing) {
  if (found.empty() || found.back().has_manifest)
    return std::optional<disk_backup>();
  auto newest = found.back();
  auto nobodys = is_nobodys(newest.label, changes_nothing);
  if (!nobodys)
    return nobodys.failure();
  if (!*nobodys) {
    log::warn("backup '{}' is left alone: another host or lock-path may be making it (incomplete "
              "backups are resumed or removed when nothing in them has changed for {} minutes)",
              newest.label, plan::abandoned_after_s / 60);
    return std::optional<disk_backup>();
  }
  found.pop_back();
  return std::optional(std::move(newest));
}

plan::resume_wish backup_run::resume_wish() const {
  const auto& cluster = info.current();
  return {.type = basis.type,
          .references = manifest.references,
          .prior = basis.prior.value_or(""),
          .compression = rules.compression,
          .encrypted = repo.encrypted(),
          .history_id = cluster.id,
          .system_id = cluster.system_id,
          .db_version = cluster.version};
}

/// Loads the copy; returns why the backup cannot be gone on with.
std::optional<std::string> backup_run::load_partial(const disk_backup& of) {
  if (!wanted.resume)
    return "resume is disabled";
  if (!can_resume())
    return "nothing can be renamed in the storage of " + repo.name();
  if (!of.has_copy)
    return "partially deleted by prior resume or invalid";
  auto loaded = repo.load_manifest_copy(of.label, info.cipher_pass);
  if (!loaded)
    return "unable to read " + format::manifest_path_of(repo.stanza(), of.label) +
           std::string(format::copy_suffix) + " (" + loaded.failure().message + ")";
  if (auto why = plan::objection_to_resume(resume_wish(), *loaded))
    return why;
  partial = std::move(*loaded);
  log::warn("resumable backup {} of same type exists -- invalid files will be removed then the "
            "backup will resume",
            of.label);
  return {};
}

/// What is incomplete is gone on with later, or goes now.
result<void> backup_run::settle_incomplete(std::vector<disk_backup>& found) {
  const auto newest = find_incomplete(found, false);
  if (!newest)
    return newest.failure();
  if (!*newest)
    return success();
  const auto why = load_partial(**newest);
  if (!why)
    return success();
  log::write(wanted.resume ? log::level::warn : log::level::info,
             fmt::format("backup '{}' cannot be resumed: {}", (*newest)->label, *why));
  auto gone = repo.remove_backup((*newest)->label);
  if (gone || !gone.failure().held)
    return gone;
  log::info("what is left of backup '{}' may not be removed yet: {}", (*newest)->label,
            gone.failure().message);
  return success();
}

result<void> backup_run::look_for_resumable() {
  auto found = repo.list_backups();
  if (!found)
    return found.failure();
  const auto newest = find_incomplete(*found, true);
  if (!newest)
    return newest.failure();
  if (*newest)
    if (const auto why = load_partial(**newest))
      log::warn("backup '{}' cannot be resumed: {}", (*newest)->label, *why);
  return success();
}

void backup_run::choose_resumed() {
  if (!partial)
    return;
  const bool told =
      plan::times_tell(manifest, begun ? std::string_view(begun->at.segment) : std::string_view(),
                       *partial) &&
      !wanted.delta && !settings.delta;
  resumed = plan::choose_resumed(manifest, *partial, !told);
  uint32_t next_bundle = 0;
  for (size_t i = 0; i < resumed.size(); ++i)
    if (resumed[i] == plan::resumed_file::kept)
      plan::keep_resumed(manifest, manifest.files[i], *partial->find_file(manifest.files[i].name));
  for (const auto& file : partial->files)
    next_bundle = std::max(next_bundle, file.bundle_id);
  settings.rules.first_bundle_id = next_bundle + 1;
  settings.partial = &*partial;
  settings.resumed = &resumed;
}

/// All is copied.
void backup_run::forget_partial() {
  for (size_t i = 0; i < resumed.size(); ++i)
    if (resumed[i] == plan::resumed_file::kept)
      plan::forget_resumed(manifest.files[i]);
  settings.rules.first_bundle_id = 1;
  settings.partial = nullptr;
  settings.resumed = nullptr;
  resumed.clear();
  partial.reset();
}

/// Fails with `file_exists` also when somebody else has the directory by now: another one is
/// needed.
result<void> backup_run::take_over() {
  auto taken =
      backup_claim::take_over(repo, partial->label, manifest, info.cipher_pass, wanted.exec_id);
  if (taken) {
    keep_claim(std::move(*taken));
    return success();
  }
  if (taken.failure().code != errc::path_missing)
    return taken.failure();
  log::warn("backup '{}' cannot be resumed: {}", partial->label, taken.failure().message);
  forget_partial();
  if (auto chosen = choose_passphrase(); !chosen)
    return chosen;
  return error{errc::file_exists, taken.failure().message};
}

/// The directory as it is, without a word of what should be in it.
result<std::vector<entry>> backup_run::list_directory() {
  auto tree = repo.files().list_tree(format::label_path(repo.stanza(), manifest.label));
  if (!tree)
    return tree.failure();
  return tree->value_or(std::vector<entry>());
}

/// Those whose stored bytes are not what the incomplete backup says of them are copied.
result<void> backup_run::drop_damaged(const std::vector<entry>& tree) {
  std::vector<uint32_t> to_read;
  for (uint32_t i = 0; i < resumed.size(); ++i)
    if (resumed[i] != plan::resumed_file::copied)
      to_read.push_back(i);
  const auto damaged = find_damaged({.in = repo,
                                     .of = manifest,
                                     .tree = tree,
                                     .repository_here = wanted.repository_here,
                                     .tick = [&] { return keep_alive(); }},
                                    to_read, between.compile);
  if (!damaged)
    return damaged.failure();
  for (const auto index : *damaged) {
    auto& file = manifest.files[index];
    log::warn("resumed backup file {} did not have expected checksum {}. The file was recopied and "
              "backup will continue but this may be an issue unless the resumed backup path in the "
              "repository is known to be corrupted.\n"
              "NOTE: this does not indicate a problem with the PostgreSQL page checksums.",
              format::printable(file.name), to_hex(file.checksum));
    plan::forget_resumed(file);
    resumed[index] = plan::resumed_file::copied;
  }
  return success();
}

/// Files that are to be compared are in the manifest only once that was done.
void backup_run::note_kept() {
  uint64_t bytes = 0;
  uint64_t count = 0;
  for (size_t i = 0; i < resumed.size(); ++i) {
    auto& file = manifest.files[i];
    if (resumed[i] == plan::resumed_file::compared)
      plan::forget_resumed(file);
    if (resumed[i] != plan::resumed_file::kept)
      continue;
    ++count;
    bytes += file.size_bytes;
    log::detail("checksum resumed file {} ({}) checksum {}", cluster_file_path(manifest, file.name),
                format_size(file.size_bytes), to_hex(file.checksum));
  }
  log::info("resume backup {}: {} file(s), {}, are kept", partial->label, count,
            format_size(bytes));
}

result<void> backup_run::check_resumed() {
  if (!partial)
    return success();
  const auto tree = list_directory();
  if (!tree)
    return tree.failure();
  for (size_t i = 0; i < resumed.size(); ++i)
    if (resumed[i] == plan::resumed_file::compared)
      plan::keep_resumed(manifest, manifest.files[i], *partial->find_file(manifest.files[i].name));
  if (auto dropped = drop_damaged(*tree); !dropped)
    return dropped;
  if (auto cleaned = clean_resumed(repo, manifest, *tree, "clock." + wanted.exec_id); !cleaned)
    return cleaned;
  note_kept();
  // What somebody who was killed had copied is not known to be durable.
  if (auto synced = repo.files().sync_files(); !synced)
    return synced;
  return claim->save(manifest, info.cipher_pass);
}

/// Whether what was copied is left to the next backup. Without anything worth it, or when it cannot
/// be written down, it is not.
bool backup_run::leave_directory() {
  if (!can_resume() || std::ranges::none_of(manifest.files, [](const auto& file) {
        return file.has_checksum && file.size_bytes > 0 && file.reference == format::none_index;
      }))
    return false;
  if (auto left = claim->leave(manifest, info.cipher_pass); !left) {
    log::detail("backup '{}' cannot be left to be resumed: {}", manifest.label,
                left.failure().message);
    return false;
  }
  log::info("incomplete backup {} is left to be resumed by the next one", manifest.label);
  return true;
}

} // namespace pgbraid

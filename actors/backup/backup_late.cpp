// Backup: completing an earlier one that was copied to its end, but whose WAL came too late.
// Source of the rules: cli/command/README.md, section 5.11.
// SPDX-License-Identifier: MIT
#include "actors/archive/stored_wal.hpp"
#include "actors/archive/wal_arrival.hpp"
#include "actors/backup/backup_run.hpp"
#include "actors/backup/stored_check.hpp"
#include "engine/base/clock.hpp"
#include "engine/base/command_stage.hpp"
#include "engine/base/log.hpp"
#include "engine/base/path.hpp"
#include "engine/base/stop_signal.hpp"
#include "engine/format/repository_path.hpp"
#include "engine/postgres/backup_end.hpp"

#include <algorithm>

namespace pgbraid {

namespace {

/// Files that lie in the directory of the backup.
std::vector<uint32_t> stored_in(const format::manifest& of) {
  std::vector<uint32_t> out;
  for (uint32_t i = 0; i < of.files.size(); ++i)
    if (of.files[i].reference == format::none_index && of.files[i].size_bytes > 0)
      out.push_back(i);
  return out;
}

} // namespace

/// The newest directory, if it holds a backup of the present cluster that is complete but for its
/// WAL, and nobody works on it.
result<bool> backup_run::find_finished() {
  auto found = repo.list_backups();
  if (!found)
    return found.failure();
  if (found->empty() || found->back().has_manifest || !found->back().has_copy)
    return false;
  const auto label = found->back().label;
  auto copy = repo.load_manifest_copy(label, info.cipher_pass);
  const auto& cluster = info.current();
  if (!copy || !plan::is_finished_copy(*copy) || copy->history_id != cluster.id ||
      copy->system_id != cluster.system_id || repo.encrypted() == copy->cipher_pass.empty())
    return false;
  for (const auto& one : copy->references)
    if (one != label && !info.find(one))
      return false;
  auto nobodys = is_nobodys(label, false);
  if (!nobodys || !*nobodys)
    return nobodys;
  manifest = std::move(*copy);
  return true;
}

/// Whether everything that was stored is as it was stored.
result<bool> backup_run::is_sound() {
  const auto tree = list_directory();
  if (!tree)
    return tree.failure();
  const auto damaged = find_damaged(
      {.in = repo, .of = manifest, .tree = *tree, .repository_here = wanted.repository_here},
      stored_in(manifest), between.compile);
  if (!damaged)
    return damaged.failure();
  return damaged->empty();
}

/// Whether WAL of this very backup is in the archive: the cluster may have been set back since, and
/// have written other WAL under the same names.
result<bool> backup_run::has_own_wal() {
  const auto start = postgres::parse_lsn(*manifest.lsn_start);
  const auto stop = postgres::parse_lsn(*manifest.lsn_stop);
  if (!start || !stop)
    return start ? stop.failure() : start.failure();
  const auto at = postgres::backup_end_location(*stop);
  if (!at)
    return false;
  const auto segment_bytes = control.fields.wal_segment_bytes;
  auto archive = repo.load_archive_info();
  if (!archive)
    return archive.failure();
  auto pass = repo.take_wal_pass(*archive);
  if (!pass)
    return pass.failure();
  auto stored = repo.single_wal(
      archive_id,
      postgres::segment_name(postgres::timeline_of(*manifest.archive_start), *at, segment_bytes));
  if (!stored)
    return stored.failure();
  if (!*stored)
    return false;
  const auto record = read_within(repo, **stored, *pass, segment_bytes, *at % segment_bytes,
                                  postgres::backup_end_bytes);
  if (!record)
    return record.failure();
  return postgres::is_backup_end(*record, *start);
}

/// Waits for its WAL. Why it cannot be completed; nothing when it can.
result<std::optional<std::string>> backup_run::find_hindrance() {
  auto sound = is_sound();
  if (!sound)
    return sound.failure();
  if (!*sound)
    return std::optional<std::string>("not everything that was copied is as it was stored");
  rules.compression = manifest.options.compress_kind;
  rules.compress_level = static_cast<int>(manifest.options.compress_level.value_or(0));
  fill_settings();
  log::info("check archive for segment(s) {}:{}", *manifest.archive_start, *manifest.archive_stop);
  const auto segments = segments_of(manifest, control.fields.wal_segment_bytes);
  if (!segments)
    return segments.failure();
  const auto there = wait_for_wal({.repo = &repo,
                                   .archive_id = archive_id,
                                   .limit = wanted.archive_timeout,
                                   .archiver = &primary->client},
                                  *segments);
  if (!there && there.failure().code != errc::archive_timeout &&
      there.failure().code != errc::archive_duplicate)
    return there.failure();
  if (!there)
    return std::optional(there.failure().message);
  auto own = has_own_wal();
  if (!own && own.failure().code != errc::checksum)
    return own.failure();
  if (!own || !*own)
    return std::optional<std::string>("the WAL in the archive is not known to be its own");
  return std::optional<std::string>();
}

/// Gives the finished backup a label of now. False: somebody else has it by now.
result<bool> backup_run::take_finished() {
  const auto old = manifest.label;
  auto clock = primary->client.clock_ms();
  if (!clock)
    return clock.failure();
  start_s = *clock / 1000;
  for (int tries = 0;; ++tries) {
    if (auto chosen = choose_next_label(old); !chosen)
      return chosen.failure();
    auto taken = backup_claim::take_over(repo, old, manifest, info.cipher_pass, wanted.exec_id);
    if (taken) {
      keep_claim(std::move(*taken));
      return true;
    }
    if (taken.failure().code == errc::path_missing)
      return false;
    if (taken.failure().code != errc::file_exists || tries == 2)
      return taken.failure();
  }
}

/// From a finished copy to a backup.
result<void> backup_run::publish_finished() {
  if (manifest.options.archive_copy) {
    manifest.files.remove_if([](const auto& file) { // of an earlier attempt
      const auto parts = split_path(file.name);
      return parts.parent == "pg_data/pg_wal" && postgres::is_segment_name(parts.name);
    });
    const auto segments = segments_of(manifest, control.fields.wal_segment_bytes);
    if (!segments)
      return segments.failure();
    if (auto copied = copy_segments(*segments); !copied)
      return copied;
  }
  // Whoever copied the files may have been killed before all was durable.
  if (auto synced = repo.files().sync_files(); !synced)
    return synced;
  const std::string year(
      split_path(format::history_manifest_path(repo.stanza(), manifest.label)).parent);
  if (repo.files().features().paths)
    if (auto made = repo.files().make_path(year); !made)
      return made;
  std::vector<std::string> paths = {year, std::string(split_path(year).parent)};
  for (const auto& path : manifest.paths)
    paths.push_back(format::label_path(repo.stanza(), manifest.label) + "/" +
                    std::string(path.name));
  paths.push_back(format::label_path(repo.stanza(), manifest.label));
  paths.push_back(format::backup_path(repo.stanza()));
  if (auto synced = repo.files().sync_many_paths(paths); !synced)
    return synced;
  return publish();
}

result<bool> backup_run::complete_earlier() {
  if (!can_resume() || !wanted.online || !wanted.archive_check)
    return false;
  auto found = find_finished();
  if (!found || !*found)
    return found;
  const polled_signals polling; // whoever is stopped leaves it as it was
  const auto old = manifest.label;
  const auto forget = [&] { manifest = format::manifest(); };
  the_command_stage.enter("completing an earlier backup");
  log::info("backup {} is complete but for its WAL", old);
  auto why = find_hindrance();
  if (!why)
    return stop_signal != 0 ? stopped_by_signal() : why.failure();
  if (*why) {
    log::warn("backup '{}' cannot be completed: {}", old, **why);
    forget();
    return false;
  }
  auto taken = take_finished();
  if (!taken)
    return taken.failure();
  if (!*taken) {
    forget();
    return false;
  }
  log::info("the WAL of backup {} has arrived: it is completed as {}", old, manifest.label);
  if (auto published = publish_finished(); !published)
    return give_up(published.failure());
  return true;
}

} // namespace pgbraid

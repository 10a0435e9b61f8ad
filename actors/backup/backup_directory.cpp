// Backup: its label, its directory, and what becomes of that when the backup fails.
// SPDX-License-Identifier: MIT
#include "actors/backup/backup_run.hpp"
#include "engine/base/clock.hpp"
#include "engine/base/log.hpp"
#include "engine/base/path.hpp"
#include "engine/base/stop_signal.hpp"
#include "engine/format/repository_path.hpp"
#include "engine/io/label_note.hpp"
#include "engine/plan/expire_backups.hpp"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace pgbraid {

result<void> backup_run::choose_label() {
  if (auto chosen = choose_passphrase(); !chosen)
    return chosen;
  return take_directory();
}

/// All data files of a set have the same.
result<void> backup_run::choose_passphrase() {
  if (!repo.encrypted())
    return success();
  if (partial) {
    manifest.cipher_pass = partial->cipher_pass;
    return success();
  }
  if (prior) {
    if (prior->cipher_pass.empty())
      return error{errc::crypto, "the manifest of backup '" + prior->label +
                                     "' has no passphrase, though the repository is encrypted"};
    manifest.cipher_pass = prior->cipher_pass;
    return success();
  }
  auto pass = generate_passphrase();
  if (!pass)
    return pass.failure();
  manifest.cipher_pass = std::move(*pass);
  return success();
}

std::string_view backup_run::full_label() const {
  return manifest.prior ? format::full_of_label(*manifest.prior) : std::string_view();
}

result<void> backup_run::take_claim() {
  if (partial)
    return take_over();
  auto taken = backup_claim::take(repo, manifest, info.cipher_pass, wanted.exec_id);
  if (!taken)
    return taken.failure();
  keep_claim(std::move(*taken));
  return success();
}

void backup_run::keep_claim(std::unique_ptr<backup_claim> taken) {
  claim = std::move(taken);
  if (auto noted = io::note_label(wanted.lock_path, repo.stanza(), repo.key(), manifest.label);
      !noted)
    log::detail("{}", noted.failure().message);
  claim->keep_renewing(std::chrono::seconds(plan::renew_after_s));
}

/// @param free  a label whose directory gets the new one; empty: none
result<void> backup_run::choose_next_label(const std::string& free) {
  auto on_disk = repo.list_backups();
  if (!on_disk)
    return on_disk.failure();
  std::erase_if(*on_disk, [&](const auto& one) { return one.label == free; });
  auto known = repo.known_labels(*on_disk);
  if (!known)
    return known.failure();
  auto chosen = format::choose_label(manifest.type, start_s, full_label(), *known);
  if (!chosen)
    return chosen.failure();
  if (chosen->second_added)
    sleep_through(std::chrono::seconds(2));
  std::erase(manifest.references, manifest.label); // that was tried before, or that it had
  manifest.label = chosen->label;
  manifest.references.push_back(manifest.label); // last
  return success();
}

/// Of several that choose the same label, one gets it; the others choose a later one.
result<void> backup_run::take_directory() {
  for (int tries = 0;; ++tries) {
    if (auto chosen = choose_next_label(partial ? partial->label : std::string()); !chosen)
      return chosen;
    auto taken = take_claim();
    if (taken || taken.failure().code != errc::file_exists || tries == 2)
      return taken;
  }
}

result<void> backup_run::make_directories() {
  auto& to = repo.files();
  const bool has_paths = to.features().paths;
  const auto base = format::label_path(repo.stanza(), manifest.label);
  const std::string history_year(
      split_path(format::history_manifest_path(repo.stanza(), manifest.label)).parent);
  const std::string history(split_path(history_year).parent);
  std::vector<std::string> paths = {history, history_year, base + "/pg_data"};
  if (has_all_paths())
    for (const auto& path : manifest.paths)
      paths.push_back(base + "/" + std::string(path.name));
  if (has_paths)
    if (auto made = to.make_many_paths(paths); !made)
      return made;
  return has_all_paths() && has_paths ? link_tablespaces() : success();
}

bool backup_run::has_all_paths() const {
  return !manifest.bundle && (!prior || links_files());
}

/// In a bundled backup, or a diff or incr, only these are needed.
result<void> backup_run::make_target_paths(const backup_job& job) {
  auto& to = repo.files();
  if (has_all_paths() || !to.features().paths)
    return success();
  const auto paths = job.target_paths();
  return to.make_many_paths(std::vector<std::string>(paths.begin(), paths.end()));
}

result<void> backup_run::link_tablespaces() {
  auto& to = repo.files();
  if (!to.features().symlinks || !wanted.symlinks)
    return success();
  const auto base = format::label_path(repo.stanza(), manifest.label);
  for (const auto& target : manifest.targets)
    if (target.is_tablespace())
      if (auto linked = to.make_symlink(base + "/pg_data/" + target.name, "../../" + target.name);
          !linked)
        return linked;
  return success();
}

error backup_run::give_up(error why) {
  // PostgreSQL need not wait for this.
  sources.reset();
  standbys.clear();
  primary.reset();
  // Without the backups that it refers to nobody can go on with it.
  const bool of_use = why.code != errc::backup_set_invalid;
  if (claim && !(of_use && leave_directory())) {
    auto removed = claim->give_up();
    if (!removed && removed.failure().code != errc::path_missing)
      log::warn("the incomplete backup '{}' is not removed: {}", manifest.label,
                removed.failure().message);
  }
  return stop_signal != 0 ? stopped_by_signal() : std::move(why);
}

error stopped_by_signal() {
  return {errc::term, "terminated by a signal"};
}

} // namespace pgbraid

// Which archives and backups are verified, and what they need of each other.
// SPDX-License-Identifier: MIT
#include "actors/verify/verify.hpp"

#include "actors/verify/needed_wal.hpp"
#include "actors/verify/verify_archive.hpp"
#include "actors/verify/verify_backup.hpp"
#include "engine/base/command_stage.hpp"
#include "engine/base/log.hpp"
#include "engine/format/label.hpp"
#include "engine/plan/expire_archive.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

namespace pgbraid::verify {

namespace {

using report::verified_state;

/// Whether an info file is of no use, and not the way to it.
bool is_unusable(const error& why) {
  return !why.transient && (why.code == errc::file_missing || why.code == errc::file_open ||
                            why.code == errc::format || why.code == errc::checksum);
}

/// The info files; what is wrong with one is a line of the report.
struct infos {
  format::backup_info backup;
  format::archive_info archive;
};

class stanza_verification {
public:
  stanza_verification(repository& repo, const verify_wish& wish,
                      const actors::graph_compiler& compile)
      : repo_(repo), wish_(wish), compile_(compile), files_(repo, wish.repository_here, compile) {
    out_.name = repo.stanza();
  }

  result<report::verified_stanza> run();

private:
  result<bool> load_infos();
  /// Which backups there are, on disk or by their list.
  result<void> find_backups();
  /// Leaves the one that was asked for, and those it may take blocks from.
  void choose_set();
  result<void> verify_archives();
  result<void> verify_backups();
  result<report::verified_backup> verify_backup(const std::string& label);
  verified_state state_without_manifest(const disk_backup& now) const;
  void doubt_blocks();

  bool is_listed(const std::string& label) const { return infos_.backup.find(label) != nullptr; }

  repository& repo_;
  const verify_wish& wish_;
  const actors::graph_compiler& compile_;
  backup_files files_;
  infos infos_ = {};
  secret wal_pass_ = {};
  std::set<std::string> on_disk_;
  std::set<std::string> labels_; ///< that are verified
  read_archives archives_;
  /// What backups with files in blocks refer to.
  std::map<std::string, std::vector<std::string>> blocks_of_;
  report::verified_stanza out_;
};

template <class Info>
result<bool> take_info(result<Info> loaded, const char* name, Info& to,
                       std::vector<std::string>& problems) {
  if (loaded) {
    to = std::move(*loaded);
    return true;
  }
  if (!is_unusable(loaded.failure()))
    return loaded.failure();
  log::detail("{}", loaded.failure().text());
  problems.push_back(fmt::format("No usable {} file", name));
  return false;
}

result<bool> stanza_verification::load_infos() {
  auto backup = take_info(repo_.load_backup_info(), "backup.info", infos_.backup, out_.problems);
  if (!backup)
    return backup;
  auto archive =
      take_info(repo_.load_archive_info(), "archive.info", infos_.archive, out_.problems);
  if (!archive)
    return archive;
  if (!*backup || !*archive)
    return false;
  if (const auto same = plan::check_histories(infos_.archive, infos_.backup); !same) {
    out_.problems.push_back(same.failure().message);
    return false;
  }
  auto pass = repo_.take_wal_pass(infos_.archive);
  if (!pass)
    return pass.failure();
  wal_pass_ = std::move(*pass);
  return true;
}

result<void> stanza_verification::find_backups() {
  auto listed = repo_.list_backups();
  if (!listed)
    return listed.failure();
  for (const auto& backup : *listed)
    on_disk_.insert(backup.label);
  labels_ = on_disk_;
  for (const auto& backup : infos_.backup.backups)
    labels_.insert(backup.label);
  return success();
}

void stanza_verification::choose_set() {
  const auto& set = *wish_.set;
  if (!format::is_label(set)) {
    out_.problems.push_back(fmt::format("'{}' is not a valid backup label format", set));
    return;
  }
  if (!labels_.contains(set)) {
    out_.problems.push_back(fmt::format("backup set {} is not valid", set));
    return;
  }
  labels_ = {set};
  const auto* const listed = infos_.backup.find(set);
  if (listed != nullptr && listed->map_size_bytes)
    labels_.insert(listed->reference.begin(), listed->reference.end());
}

result<void> stanza_verification::verify_archives() {
  the_command_stage.enter("verifying WAL");
  auto ids = repo_.list_archive_ids();
  if (!ids)
    return ids.failure();
  std::optional<plan::wal_range> only;
  const auto* const set = wish_.set ? infos_.backup.find(*wish_.set) : nullptr;
  if (wish_.set) { // of one that is not complete there is none
    only.emplace();
    if (set != nullptr && set->archive_start && set->archive_stop)
      *only = {*set->archive_start, *set->archive_stop};
  }
  std::string unknown;
  for (const auto& id : *ids) {
    const auto known = std::ranges::find(infos_.archive.history, id,
                                         [](const auto& of) { return format::archive_id(of); });
    const bool is_known = known != infos_.archive.history.end();
    if (set != nullptr && is_known && known->id != set->history_id)
      continue;
    if (!is_known)
      unknown += (unknown.empty() ? "" : ", ") + id;
    auto read = verify_archive({repo_, wish_.repository_here, wal_pass_, compile_}, id, only);
    if (!read)
      return read.failure();
    read->found.known = is_known;
    out_.archives.push_back(read->found);
    archives_.emplace(id, std::move(*read));
  }
  if (ids->empty())
    log::detail("no archives exist in the repo");
  if (!unknown.empty())
    log::info("archiveIds '{}' are not in the archive.info history list", unknown);
  return success();
}

result<void> stanza_verification::verify_backups() {
  the_command_stage.enter("verifying backups");
  if (labels_.empty())
    log::detail("no backups exist in the repo");
  for (const auto& label : labels_) {
    if (!on_disk_.contains(label))
      log::warn("backup '{}' found in backup.info but not in the repository", label);
    else if (!is_listed(label))
      log::warn("backup '{}' found in the repository but not in backup.info", label);
  }
  for (const auto& label : labels_) {
    auto backup = verify_backup(label);
    if (!backup)
      return backup.failure();
    out_.backups.push_back(std::move(*backup));
  }
  return success();
}

/// Somebody may be making the newest one just now; an older one may be expired just now.
verified_state stanza_verification::state_without_manifest(const disk_backup& now) const {
  if (!is_listed(now.label) && !on_disk_.empty() && now.label == *on_disk_.rbegin()) {
    log::info("backup '{}' appears to be in progress, skipping", now.label);
    return verified_state::in_progress;
  }
  log::detail("manifest missing for '{}' - backup may have expired", now.label);
  return verified_state::manifest_missing;
}

result<report::verified_backup> stanza_verification::verify_backup(const std::string& label) {
  report::verified_backup out{.label = label};
  auto now = repo_.look_at_backup(label);
  if (!now)
    return now.failure();
  // What only has the copy is complete when it is listed.
  if (!now->has_manifest && !(now->has_copy && is_listed(label))) {
    out.state = state_without_manifest(*now);
    return out;
  }
  const auto manifest = repo_.load_manifest(label, infos_.backup.cipher_pass);
  // Its passphrase is right: backup.info was opened.
  if (!manifest && !is_unusable(manifest.failure()) && manifest.failure().code != errc::crypto)
    return manifest.failure();
  if (!manifest) {
    log::info("the manifest of '{}' is of no use: {}", label, manifest.failure().text());
    out.state = verified_state::invalid;
    return out;
  }
  auto files = files_.verify(*manifest);
  if (!files)
    return files.failure();
  out.files = *files;
  if (!wish_.set || label == *wish_.set) {
    auto lacking = lacking_wal(repo_, *manifest, archives_);
    if (!lacking)
      return lacking.failure();
    out.lacking_wal = *lacking;
  }
  if (manifest->block_incremental)
    blocks_of_[label] = manifest->references;
  if (out.files.valid != out.files.total || out.lacking_wal != 0) {
    now = repo_.look_at_backup(label);
    if (now && !now->has_manifest && !now->has_copy)
      return report::verified_backup{.label = label, .state = state_without_manifest(*now)};
  }
  if (out.files.valid != out.files.total)
    out.state = verified_state::invalid;
  return out;
}

/// Which blocks a file takes from an earlier backup is in its map alone, so all that refer to a
/// damaged one are in doubt.
void stanza_verification::doubt_blocks() {
  std::set<std::string> damaged;
  for (const auto& backup : out_.backups)
    if (backup.state != verified_state::valid)
      damaged.insert(backup.label);
  for (auto& backup : out_.backups) {
    const auto blocks = blocks_of_.find(backup.label);
    if (blocks == blocks_of_.end())
      continue;
    for (const auto& label : blocks->second)
      if (label != backup.label && damaged.contains(label))
        backup.doubtful.push_back(label);
    if (!backup.doubtful.empty())
      log::warn("backup '{}' may need blocks of {}, where not all is valid", backup.label,
                fmt::join(backup.doubtful, ", "));
  }
}

result<report::verified_stanza> stanza_verification::run() {
  auto usable = load_infos();
  if (!usable)
    return usable.failure();
  if (!*usable)
    return std::move(out_);
  // Before the WAL is listed: what is complete by now has all of its own there.
  if (auto found = find_backups(); !found)
    return found.failure();
  if (wish_.set)
    choose_set();
  if (!out_.problems.empty())
    return std::move(out_);
  if (auto done = verify_archives(); !done)
    return done.failure();
  if (auto done = verify_backups(); !done)
    return done.failure();
  doubt_blocks();
  return std::move(out_);
}

} // namespace

result<report::verified_stanza> verify_stanza(repository& repo, const verify_wish& wish,
                                              const actors::graph_compiler& compile) {
  return stanza_verification(repo, wish, compile).run();
}

} // namespace pgbraid::verify

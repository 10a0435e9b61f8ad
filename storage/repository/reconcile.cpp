// Makes backup.info agree with the backups on disk.
// Source of the rules: engine/format/README.md, section 7.3.
// SPDX-License-Identifier: MIT
#include "storage/repository/repository.hpp"

#include <algorithm>

namespace pgbraid {

namespace {

/// Why a complete backup that is not listed cannot be added; nothing when it can.
std::string objection(const format::backup_info& info, const format::manifest& found) {
  const auto* cluster = info.history_entry(found.history_id);
  if (cluster == nullptr || cluster->system_id != found.system_id ||
      cluster->version != found.db_version)
    return "its cluster is not in the history of the stanza";
  if (found.prior && info.find(*found.prior) == nullptr)
    return "its prior backup '" + *found.prior + "' is not there";
  return {};
}

void add_missing(repository& with, format::backup_info& info, const std::string& label,
                 reconciliation& done) {
  auto found = with.load_manifest(label, info.cipher_pass);
  if (!found) {
    done.unreadable.push_back(label);
    if (!done.why_unreadable)
      done.why_unreadable = found.failure();
  }
  const auto reason = found ? objection(info, *found) : found.failure().message;
  if (!reason.empty()) {
    done.warnings.push_back("backup '" + label +
                            "' found in repository is not added to backup.info: " + reason);
    return;
  }
  info.add(summarize(*found));
  done.changed = true;
  done.warnings.push_back("backup '" + label + "' found in repository added to backup.info");
}

} // namespace

result<reconciliation> reconcile(repository& with, format::backup_info& info) {
  auto on_disk = with.list_backups();
  if (!on_disk)
    return on_disk.failure();
  reconciliation done{.on_disk = std::move(*on_disk)};
  for (const auto& backup : done.on_disk) { // in order: a prior comes before what depends on it
    if (backup.has_manifest && info.find(backup.label) == nullptr)
      add_missing(with, info, backup.label, done);
  }
  const auto listed = info.backups;
  for (const auto& backup : listed) {
    const bool there = std::ranges::any_of(done.on_disk, [&](const auto& one) {
      return one.label == backup.label && one.has_manifest;
    });
    if (there || info.find(backup.label) == nullptr)
      continue;
    for (const auto& label : info.with_dependents(backup.label)) {
      info.remove(label);
      done.warnings.push_back("backup '" + label + "' missing manifest removed from backup.info");
    }
    done.changed = true;
  }
  return done;
}

} // namespace pgbraid

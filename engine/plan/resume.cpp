// Which incomplete backup is gone on with, and which of its files stay.
// SPDX-License-Identifier: MIT
#include "engine/plan/resume.hpp"

#include "engine/plan/backup_changes.hpp"
#include "engine/postgres/wal_name.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace pgbraid::plan {

namespace {

using format::manifest;
using format::manifest_file;

std::string shown_label(const std::string& label) {
  return label.empty() ? "<undef>" : label;
}

/// Programs of the 2.x series all write this format, and read what the others wrote.
bool is_of_a_peer(const manifest& incomplete) {
  return incomplete.writer_version.starts_with("2.");
}

std::string differs(std::string_view what, std::string_view ours, std::string_view found) {
  return fmt::format("new {} '{}' does not match resumable {} '{}'", what, ours, what, found);
}

/// Where the incomplete backup tells nothing of the cluster, its files do.
bool is_of_cluster(const resume_wish& wish, const manifest& incomplete) {
  if (incomplete.history_id == 0 && incomplete.system_id == 0)
    return incomplete.db_version.empty() || incomplete.db_version == wish.db_version;
  return incomplete.history_id == wish.history_id && incomplete.system_id == wish.system_id;
}

/// Positions in this list are stored in the maps of blocks.
bool has_references(const resume_wish& wish, const manifest& incomplete) {
  auto found = incomplete.references;
  std::erase(found, incomplete.label);
  return found == wish.references;
}

std::string_view yes_no(bool what) {
  return what ? "y" : "n";
}

/// Whether what is stored of a file can be part of the new backup as it is. Bundles and blocks are
/// taken over from ourselves only.
bool is_stored_alike(const manifest& now, const manifest& incomplete, const manifest_file& before) {
  if (before.in_bundle() &&
      !(is_ours(incomplete) && now.bundle && now.bundle_raw == incomplete.bundle_raw))
    return false;
  return !before.is_block_incremental() || (is_ours(incomplete) && now.block_incremental);
}

/// Whether the repository holds of a file what is of use if the file did not change.
bool is_of_use(const manifest& now, const manifest_file& file, const manifest& incomplete,
               const manifest_file* before) {
  return before != nullptr && file.reference == format::none_index && file.size_bytes > 0 &&
         file.name != "pg_data/global/pg_control" && before->has_checksum &&
         before->reference == format::none_index && before->size_bytes == file.size_bytes &&
         before->original_size_bytes() == file.size_bytes && before->pages == file.pages &&
         is_stored_alike(now, incomplete, *before);
}

struct bundle_use {
  uint64_t all_bytes = 0;
  uint64_t kept_bytes = 0;
};

} // namespace

bool is_ours(const manifest& incomplete) {
  return incomplete.writer_version == format::default_writer_version;
}

std::optional<std::string> objection_to_resume(const resume_wish& wish,
                                               const manifest& incomplete) {
  if (!is_ours(incomplete)) {
    if (!is_of_a_peer(incomplete))
      return differs("pgBackRest version", format::default_writer_version,
                     incomplete.writer_version);
    if (incomplete.type != format::backup_type::full)
      return "resume only valid for full backup";
  }
  if (wish.type != incomplete.type)
    return differs("backup type", format::backup_type_name(wish.type),
                   format::backup_type_name(incomplete.type));
  if (wish.prior != incomplete.prior.value_or(""))
    return differs("prior backup label", shown_label(wish.prior),
                   shown_label(incomplete.prior.value_or("")));
  if (wish.compression != incomplete.options.compress_kind)
    return differs("compression", compress_type_name(wish.compression),
                   compress_type_name(incomplete.options.compress_kind));
  if (wish.encrypted == incomplete.cipher_pass.empty())
    return differs("encryption", yes_no(wish.encrypted), yes_no(!incomplete.cipher_pass.empty()));
  if (!is_of_cluster(wish, incomplete))
    return "it is of another cluster of the stanza";
  if (!has_references(wish, incomplete))
    return "it refers to other backups than the new one";
  return {};
}

bool is_finished_copy(const manifest& incomplete) {
  return is_ours(incomplete) && incomplete.options.online && incomplete.stop_s > 0 &&
         incomplete.archive_start && incomplete.archive_stop && incomplete.lsn_start &&
         incomplete.lsn_stop && incomplete.find_file("pg_data/backup_label") != nullptr &&
         incomplete.find_file("pg_data/global/pg_control") != nullptr &&
         format::validate(incomplete, format::strictness::strict);
}

bool times_tell(const manifest& now, std::string_view start, const manifest& incomplete) {
  const bool other_timeline =
      !start.empty() && incomplete.archive_start &&
      postgres::timeline_of(start) != postgres::timeline_of(*incomplete.archive_start);
  return !other_timeline && now.options.online == incomplete.options.online &&
         now.start_s >= incomplete.copy_start_s && now.copy_start_s >= incomplete.copy_start_s;
}

std::vector<resumed_file> choose_resumed(const manifest& now, const manifest& incomplete,
                                         bool by_content) {
  std::vector<resumed_file> out(now.files.size(), resumed_file::copied);
  std::vector<const manifest_file*> found(now.files.size(), nullptr);
  std::map<uint64_t, bundle_use> bundles;
  for (const auto& before : incomplete.files)
    if (before.in_bundle() && before.has_checksum)
      bundles[before.bundle_id].all_bytes += before.stored_bytes();
  for (size_t i = 0; i < out.size(); ++i) {
    const auto& file = now.files[i];
    const auto* before = incomplete.find_file(file.name);
    if (!is_of_use(now, file, incomplete, before))
      continue;
    // What was written in the very second of the copy, or later, may have changed within it.
    const bool told = !by_content && before->mtime_s < incomplete.copy_start_s;
    if (told && file.mtime_s != before->mtime_s)
      continue;
    out[i] = told ? resumed_file::kept : resumed_file::compared;
    found[i] = before;
    if (before->in_bundle())
      bundles[before->bundle_id].kept_bytes += before->stored_bytes();
  }
  for (size_t i = 0; i < out.size(); ++i)
    if (found[i] != nullptr && found[i]->in_bundle()) {
      const auto& of = bundles[found[i]->bundle_id];
      if (of.kept_bytes < of.all_bytes - of.kept_bytes)
        out[i] = resumed_file::copied;
    }
  return out;
}

void keep_resumed(manifest& now, manifest_file& file, const manifest_file& before) {
  auto taken = before;
  take_walked(taken, file);
  now.set_rare(taken, *before.rare);
  file = taken;
}

void forget_resumed(manifest_file& file) {
  manifest_file walked;
  take_walked(walked, file);
  walked.size_bytes = file.size_bytes;
  walked.pages = file.pages;
  file = walked;
}

} // namespace pgbraid::plan

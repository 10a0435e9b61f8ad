// A stanza's part of one repository: its info files, manifests and WAL, on any storage.
// Source of the rules: engine/format/README.md; cli/command/README.md, section 5.7.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/base/secret.hpp"
#include "engine/format/archive_info.hpp"
#include "engine/format/backup_info.hpp"
#include "engine/format/info_feed.hpp"
#include "engine/format/manifest.hpp"
#include "engine/format/wal_entry.hpp"
#include "storage/repository/publication.hpp"
#include "storage/storage.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pgbraid {

/// A backup directory found on disk.
struct disk_backup {
  std::string label;
  bool has_manifest = false; ///< complete: `backup.manifest` is there
  bool has_copy = false;     ///< `backup.manifest.copy` is there
};

/// First and last segment of an archive id, as 24 hex.
struct wal_bounds {
  std::string min;
  std::string max;
  int64_t max_stored_s = 0; ///< when the last one was written, since 1970
};

/// A WAL segment in the archive and where it lies.
struct archived_wal {
  format::wal_entry entry;
  std::string path; ///< relative to the repository root
};

struct repository_settings {
  unsigned key = 1; ///< N of repoN, for messages
  std::string stanza;
  cipher_type cipher = cipher_type::none;
  secret passphrase = {}; ///< of the info files
  /// The host that serves the repository opens and seals them with a passphrase of its own.
  bool sealed_there = false;
};

/// Does not own the storage. Used by one thread at a time.
///
/// Passphrases go down the chain: this object has that of the info files;
/// `archive_info.cipher_pass` opens WAL, `backup_info.cipher_pass` opens manifests,
/// `manifest.cipher_pass` opens data files. Wrong passphrases and repositories encrypted or not
/// against the configuration are `crypto` (95) with a hint.
class repository {
public:
  repository(storage& files, repository_settings settings);

  storage& files() const { return files_; }
  unsigned key() const { return settings_.key; }
  const std::string& stanza() const { return settings_.stanza; }
  cipher_type cipher() const { return settings_.cipher; }
  bool encrypted() const { return settings_.cipher != cipher_type::none; }
  /// Of the info files; empty when nothing is encrypted here, and when the other host opens them.
  const secret& passphrase() const { return settings_.passphrase; }
  /// Whether the other host opens and seals info files.
  bool sealed_there() const { return settings_.sealed_there; }
  /// Takes the passphrase of WAL out of archive.info; empty when nothing is encrypted here. Fails
  /// with `crypto` where it is and there is none: no segment may be stored plain then.
  result<secret> take_wal_pass(format::archive_info& from) const;
  /// `repo1`, for messages.
  std::string name() const;

  // Info files: main, then copy; both broken gives one error that tells both.

  result<format::archive_info> load_archive_info();
  result<format::backup_info> load_backup_info();
  /// Whether main or copy exists.
  result<bool> has_archive_info();
  result<bool> has_backup_info();
  /// Writes main and copy: the same bytes, each published atomically and read back. Fails with
  /// `format` (29), before anything is written, when what was rendered would not be read as it was
  /// meant.
  result<void> save(const format::archive_info& info);
  result<void> save(const format::backup_info& info);
  /// The same in the present step of a publication.
  result<void> add(publication& to, const format::archive_info& info);
  result<void> add(publication& to, const format::backup_info& info);
  /// Writes the missing one of main and copy from its twin, byte for byte. Returns whether it did.
  result<bool> mend_archive_info();
  result<bool> mend_backup_info();

  // Manifests. `pass` is `backup_info.cipher_pass`.

  /// Loads `backup.manifest`, else its copy, and checks that its label is the one asked for.
  /// @param keep  its files that are wanted
  result<format::manifest> load_manifest(std::string_view label, const secret& pass,
                                         format::kept_files keep = format::kept_files::all);
  /// Only `backup.manifest.copy` (resume).
  result<format::manifest> load_manifest_copy(std::string_view label, const secret& pass);
  /// What completes a backup, in steps: `.copy`, which is read back; `backup.manifest` with the
  /// same bytes (from there on the backup is valid); the copy in backup.history, and whatever is
  /// added after it. backup.info belongs there, and `latest` comes last. The directory must be
  /// there
  /// (`backup_claim`).
  result<void> add(publication& to, const format::manifest& of, const secret& pass);
  /// Makes a backup invalid: removes `backup.manifest`, then the copy. A copy that a store holds is
  /// left for whoever removes the backup.
  result<void> remove_manifest(std::string_view label);
  /// Removes the whole directory of a backup.
  result<void> remove_backup(std::string_view label);
  /// Points `latest` to a backup; does nothing on storage without links.
  result<void> set_latest(std::string_view label);
  /// Removes `latest`: there is no backup.
  result<void> remove_latest();

  // What is on disk.

  /// One backup directory as it is now.
  result<disk_backup> look_at_backup(std::string_view label);
  /// All backup directories, sorted by label.
  result<std::vector<disk_backup>> list_backups();
  /// Labels in the newest year of backup.history (for choosing a new label), sorted.
  result<std::vector<std::string>> list_newest_history();
  /// Labels a new one must be compared with: those on disk and the newest history.
  result<std::vector<std::string>> known_labels(const std::vector<disk_backup>& on_disk);
  /// Archive ids that have a directory, ordered by id.
  result<std::vector<std::string>> list_archive_ids();

  /// All entries of one segment (24 hex, or with `.partial`).
  result<std::vector<archived_wal>> find_wal(std::string_view archive_id, std::string_view segment);
  /// The entry of a segment, or none. Fails with `archive_duplicate` (45) when there are several
  /// with different checksums.
  result<std::optional<archived_wal>> single_wal(std::string_view archive_id,
                                                 std::string_view segment);
  /// Empty when the archive id holds no segment. Partial segments do not count.
  result<std::optional<wal_bounds>> wal_range(std::string_view archive_id);

private:
  template <class Info> result<void> save_one(const Info& info);

  storage& files_;
  repository_settings settings_;
};

/// What `reconcile` found. The lines are ready for the log (level WARN), without the repository.
struct reconciliation {
  bool changed = false;
  std::vector<disk_backup> on_disk = {};
  std::vector<std::string> warnings = {};
  /// Complete backups that are not listed and whose manifest cannot be read now, and why.
  std::vector<std::string> unreadable = {};
  std::optional<error> why_unreadable = {}; ///< of the first one
};
/// Makes backup.info agree with the disk: removes backups whose manifest is gone (with dependents),
/// adds complete ones that are not listed but belong to the history. Only changes `info`.
result<reconciliation> reconcile(repository& with, format::backup_info& info);

/// 48 random bytes as base64: the passphrase of the next level. Fails with `crypto`.
result<secret> generate_passphrase();

} // namespace pgbraid

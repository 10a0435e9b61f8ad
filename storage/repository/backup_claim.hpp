// The directory of a backup that is being made: whose it is, and that somebody works on it.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/secret.hpp"
#include "engine/format/manifest.hpp"
#include "storage/repository/proved_file.hpp"
#include "storage/storage.hpp"

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>

namespace pgbraid {

class repository;

/// A backup directory of ours. Locks reach no further than a lock path; this holds between hosts:
/// the directory gets its label only together with `backup.manifest.copy`, of several processes one
/// has it, the copy is changed again and again for all to see, and what is in it tells whether it
/// is still ours. Thread-safe, as far as the storage is.
class backup_claim {
public:
  /// Fails with `file_exists` (93) when the label has a directory already.
  /// @param owner  no other process has it: the exec-id
  static result<std::unique_ptr<backup_claim>> take(repository& in, const format::manifest& of,
                                                    const secret& pass, std::string_view owner);
  /// Takes the directory of an incomplete backup on which nobody works any more, with all that is
  /// in it, and gives it the label of `of`: of several that want it one gets it, and whoever worked
  /// on it after all finds nothing under the old label. Fails with `path_missing` (73) when it is
  /// gone or has become a backup, and with `file_exists` (93) when the new label has a directory;
  /// then it is where it was.
  /// @param label  of the incomplete backup
  static result<std::unique_ptr<backup_claim>> take_over(repository& in, std::string_view label,
                                                         const format::manifest& of,
                                                         const secret& pass,
                                                         std::string_view owner);
  ~backup_claim();
  backup_claim(const backup_claim&) = delete;
  backup_claim& operator=(const backup_claim&) = delete;

  /// Writes the copy anew. Fails when it is not ours any more.
  result<void> save(const format::manifest& of, const secret& pass);
  /// Renews the claim in a thread of its own until `stop_renewing` or the end of this.
  void keep_renewing(std::chrono::milliseconds every);
  /// Waits for what the thread does now.
  void stop_renewing();
  /// Changes the copy's time to that of the storage. Fails when it is not ours any more; a storage
  /// that does not obey now is asked again later.
  result<void> renew();
  /// What renewing found out last.
  result<void> state() const;
  /// Stops renewing and reads the copy: fails unless it is the one written here. What is written
  /// into the directory from here on completes the backup.
  result<void> close();
  /// Removes the directory, unless it is not ours or has become a backup.
  result<void> give_up();
  /// Leaves it to the next backup, which goes on with what is in it. Fails when it is not ours any
  /// more, has become a backup, or cannot be written.
  result<void> leave(const format::manifest& of, const secret& pass);

private:
  backup_claim(repository& in, std::string label, std::string_view owner);
  std::string temporary_name() const;
  result<void> move_here(const std::string& name, const std::string& back);
  result<void> confirm();
  result<void> write(const std::string& path, const format::manifest& of, const secret& pass,
                     bool proves);
  result<void> look(bool expected_unchanged);
  result<void> renew_now();
  result<void> prove();
  void renew_until(const std::stop_token& stop, std::chrono::milliseconds every);
  error gone() const;
  error replaced() const;

  repository& repo_;
  const std::string label_;
  const std::string directory_;
  const std::string copy_;
  const std::string owner_;
  mutable std::mutex mutex_;     ///< guards what follows
  std::optional<error> failure_; ///< stays: what was lost once is not ours again
  written_bytes wrote_;          ///< what the copy has to hold
  int64_t seen_mtime_s_ = 0;
  bool closed_ = false;
  std::mutex idle_;
  std::condition_variable_any wake_;
  std::jthread renewing_;
};

/// What time it is where files of a repository get theirs; by our own clock where that cannot be
/// found out.
/// @param directory  that exists; a file is made there and removed
int64_t storage_time_s(storage& files, std::string_view directory, std::string_view owner);

/// Whether somebody works on a backup directory without a manifest: something in it has changed
/// lately (`plan::is_abandoned`).
/// @param now_s  `storage_time_s`
result<bool> is_in_progress(repository& in, std::string_view label, int64_t now_s);

/// Removes what directories of backups and files of a stanza were called before they had their
/// names, once nobody works on them any more.
result<void> sweep_temporary(repository& in, std::string_view owner);

} // namespace pgbraid

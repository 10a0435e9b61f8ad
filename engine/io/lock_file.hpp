// Locks and stop files: what keeps two commands from working on one stanza.
// Source: cli/command/README.md, sections 1.4 and 1.5; engine/format/README.md, section 14.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/io/unique_fd.hpp"

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgbraid::io {

/// `<pid>-<8 hex>`, new on each call; one per command, shared by all its processes.
std::string make_exec_id();

struct lock_request {
  std::string lock_path; ///< option lock-path; made with 0750 when missing
  std::string stanza;
  std::string type;                ///< archive, backup or restore
  std::vector<unsigned> repo_keys; ///< one file `<stanza>-<type>-<key>.lock` for each
  std::string exec_id;
  std::string content; ///< written into the files; format::render(lock_content) makes it
  /// Also keeps out versions before 2.53, which lock `<stanza>-<type>.lock`. That file is locked
  /// shared, so that commands with different repositories do not exclude each other here.
  bool exclude_old_versions = true;
  /// One file `<stanza>-<type>.lock` and no other, which one alone can hold.
  bool without_keys = false;
  /// Owners of the lock path besides this user and root; see `check_directory_trust`.
  std::vector<uid_t> also_trusted = {};
};

/// All locks of one command. Released (unlinked, closed) by the destructor.
class lock_set {
public:
  /// Takes all locks or none. A file held under our own exec-id counts as taken, and is neither
  /// written nor removed. Fails with lock_acquire (50) and a hint naming the holder, transient
  /// where somebody holds it, or path_create.
  static result<lock_set> acquire(const lock_request& request);

  lock_set() = default;
  lock_set(lock_set&&) noexcept = default;
  lock_set& operator=(lock_set&& other) noexcept;
  ~lock_set();

  /// Rewrites the content of the files this set owns, in place (a reader may see an empty file).
  result<void> write(std::string_view content);
  /// Fails with lock_acquire when somebody removed or replaced a file of this set: others may hold
  /// the lock as well by now.
  result<void> check_held() const;
  /// Takes over the locks of another set.
  void add(lock_set other);
  /// Errors are ignored: the lock ends with the descriptor in any case.
  void release();

private:
  struct held {
    unique_fd file;
    std::string path;
    bool shared = false;
  };
  static result<std::optional<held>> take(const lock_request& request, std::string path,
                                          bool shared);

  std::vector<held> held_;
};

/// Whether somebody else holds one of these locks now, as far as files say that are there.
bool is_locked(const lock_request& request);

/// The content of the lock file that somebody holds now; empty optional when nobody does. The text
/// may be empty. Only keyed files are looked at.
result<std::optional<std::string>> lock_holder(const std::string& lock_path,
                                               std::string_view stanza, std::string_view type,
                                               unsigned repo_key);

/// Fails with stop (62) when `<stanza>.stop` or `all.stop` exists in the lock path, and as
/// `check_directory_trust` does when others could have put them there.
result<void> check_stop_files(const std::string& lock_path, std::string_view stanza,
                              const std::vector<uid_t>& also_trusted = {});

} // namespace pgbraid::io

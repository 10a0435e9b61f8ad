// The verbs of the contract as requests of one session.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/driver/sftp/requests.hpp"

#include <map>
#include <mutex>

namespace pgbraid::sftp {

/// Directories that were seen to be no links, so that nobody asks again; paths relative to the
/// root. Thread-safe.
class real_paths {
public:
  bool has(std::string_view path) const;
  /// @param made  it was not there before us: nothing is below it that is not ours
  void add(std::string path, bool made = false);
  /// Whether anything above it was made by us.
  bool is_below_made(std::string_view path) const;
  /// A path and all below it.
  void forget(std::string_view path);

private:
  mutable std::mutex mutex_;
  std::map<std::string, bool, std::less<>> all_; ///< and whether they were made by us
};

/// What is the same for all sessions of a storage.
struct place {
  const std::string root;
  real_paths real;
  std::string full(std::string_view path) const;
};

/// One attempt of each verb; semantics and errors are those of `storage`. Cheap to make. After a
/// break a verb that changes names is told that it may have been done already (`again`).
class verbs {
public:
  verbs(std::shared_ptr<connection> on, place& at, bool again = false)
      : on_(std::move(on)), at_(at), again_(again) {}

  /// A path that can be used: no bad segments, and no link among its parents.
  result<void> check(std::string_view path);
  result<std::optional<entry_info>> info(std::string_view path);
  result<std::vector<std::optional<entry_info>>> many_infos(std::span<const std::string> paths);
  result<std::optional<std::vector<entry>>> list(std::string_view path);
  result<std::optional<storage::list_page>> list_some(std::string_view path, std::string_view after,
                                                      size_t count);
  result<opened_file> open_read(std::string_view path);
  /// Makes a file that was not there; what has its name goes first, so that no other name of it
  /// changes with it.
  /// @param path       for its parents
  /// @param full_path  of the file itself, which may have a temporary name
  result<open_handle> create(std::string_view path, const std::string& full_path,
                             const write_options& options);
  /// Asks for the same; the number of the request.
  result<uint32_t> ask_to_create(const std::string& full_path, const write_options& options);
  result<void> make_path(std::string_view path, uint32_t mode);
  result<void> make_many_paths(std::span<const std::string> paths, uint32_t mode);
  result<void> remove_file(std::string_view path);
  result<void> remove_files(std::span<const std::string> paths);
  result<void> remove_tree(std::string_view path);
  result<void> move(std::string_view from, std::string_view to);
  result<void> make_symlink(std::string_view path, std::string_view destination);
  result<void> make_hardlink(std::string_view path, std::string_view existing);
  result<void> sync_path(std::string_view path);
  result<void> set_attributes(std::string_view path, const storage::attributes& wanted);
  result<std::optional<uint64_t>> free_bytes();

private:
  using looks = std::vector<std::optional<attributes>>;
  /// What names are, links not followed; their parents are not checked.
  result<looks> look_at(std::span<const std::string> paths);
  /// Parents that may be links as far as is known, each once, parents first.
  result<std::vector<std::string>> unknown_parents(std::span<const std::string> paths) const;
  /// Those that are directories are known as such from here on; a link is refused.
  result<void> note(std::span<const std::string> paths, const looks& seen);
  /// Parents and the numbers of the requests about them.
  using parents_asked = std::vector<std::pair<std::string, uint32_t>>;
  result<parents_asked> begin_check(std::string_view path);
  result<void> end_check(std::string_view path, const parents_asked& asked);
  std::string full(std::string_view path) const { return at_.full(path); }
  result<std::optional<entry_info>> info_of(std::string_view path, const attributes& about) const;
  /// Checks the path and looks what it is.
  result<std::optional<attributes>> find(std::string_view path);
  result<void> make_some_paths(std::span<const std::string> paths, uint32_t mode);
  result<void> look_before_making(std::span<const std::string> paths);
  result<void> make_directory(const std::string& full_path, uint32_t mode);
  result<status> make_one(const std::string& full_path, uint32_t mode);
  result<void> why_not_made(std::string_view path, const status& why, errc missing);
  error not_there(std::string_view path) const;

  const std::shared_ptr<connection> on_;
  place& at_;
  const bool again_;
};

} // namespace pgbraid::sftp

// The verbs of the contract as requests of one session.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/sftp/requests.hpp"

#include <mutex>
#include <set>

namespace pgbraid::sftp {

/// Directories that were seen to be no links, so that nobody asks again; paths relative to the
/// root. Thread-safe.
class real_paths {
public:
  bool has(std::string_view path) const;
  void add(std::string path);
  /// A path and all below it.
  void forget(std::string_view path);

private:
  mutable std::mutex mutex_;
  std::set<std::string, std::less<>> all_;
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
  result<std::optional<std::vector<entry>>> list(std::string_view path);
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
  result<void> remove_tree(std::string_view path);
  result<void> move(std::string_view from, std::string_view to);
  result<void> make_symlink(std::string_view path, std::string_view destination);
  result<void> make_hardlink(std::string_view path, std::string_view existing);
  result<void> sync_path(std::string_view path);
  result<void> set_attributes(std::string_view path, const storage::attributes& wanted);
  result<std::optional<uint64_t>> free_bytes();

private:
  /// Parents and the numbers of the requests about them.
  using parents_asked = std::vector<std::pair<std::string, uint32_t>>;
  result<parents_asked> begin_check(std::string_view path);
  result<void> end_check(std::string_view path, const parents_asked& asked);
  std::string full(std::string_view path) const { return at_.full(path); }
  result<std::optional<entry_info>> info_of(std::string_view path, const attributes& about) const;
  /// Checks the path and looks what it is.
  result<std::optional<attributes>> find(std::string_view path);
  result<void> make_some_paths(std::span<const std::string> paths, uint32_t mode);
  result<void> make_directory(const std::string& full_path, uint32_t mode);
  result<status> make_one(const std::string& full_path, uint32_t mode);
  result<void> why_not_made(std::string_view path, const status& why, errc missing);
  error not_there(std::string_view path) const;

  const std::shared_ptr<connection> on_;
  place& at_;
  const bool again_;
};

} // namespace pgbraid::sftp

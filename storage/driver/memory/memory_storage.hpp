// Storage in memory that can be told to fail; for tests.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/storage.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace pgbraid {

/// Where a fault can be placed.
enum class memory_verb : uint8_t {
  info,
  list,
  open_read,
  read, ///< both read and read_at
  open_write,
  write,
  sync,    ///< begin_commit of a file with `sync`
  publish, ///< the rename of an atomic file
  make_path,
  remove, ///< file or tree
  move,
  link, ///< hard or symbolic
  sync_path,
  set_attributes,
};

/// Behaves like the posix driver as far as the contract goes. Thread-safe; readers and writers keep
/// the content they need and may outlive the storage's names, but not the storage.
class memory_storage : public storage {
public:
  explicit memory_storage(std::string root = "/memory", storage_features features = everything());
  ~memory_storage() override;
  static storage_features everything() {
    return {.paths = true, .symlinks = true, .hardlinks = true};
  }

  /// The n-th use (from 1, counted from now) of `verb` fails with `failure`.
  /// @param onwards  so does every later one
  void fail(memory_verb verb, uint64_t nth, error failure, bool onwards = false);
  /// The n-th write from now keeps only its first `keep_bytes`, then fails with `failure`.
  void tear_write(uint64_t nth, size_t keep_bytes, error failure);
  /// Writes beyond this sum of all content fail as on a full disk.
  void set_capacity(std::optional<uint64_t> total_bytes);
  /// Called before each use of a verb, outside the lock, with the path; an error makes it fail. May
  /// block, cancel things, or change the storage (a file that shrinks while it is read).
  using hook = std::function<std::optional<error>(memory_verb, std::string_view path)>;
  void set_hook(hook called);
  void clear_faults();
  /// How often a verb was used so far, failures included.
  uint64_t used(memory_verb verb) const;
  /// Sum of the content of all files.
  uint64_t used_bytes() const;
  /// The content of a file, without faults and counting; empty when there is none.
  std::optional<std::string> content(std::string_view path) const;

  storage_features features() const override;
  const std::string& root() const override;
  result<std::optional<entry_info>> info(std::string_view path) override;
  result<std::optional<std::vector<entry>>> list(std::string_view path) override;
  result<std::unique_ptr<io::reader>> open_read(std::string_view path,
                                                const read_options& options = {}) override;
  result<std::unique_ptr<io::writer>> open_write(std::string_view path,
                                                 const write_options& options = {}) override;
  result<void> make_path(std::string_view path, uint32_t mode = 0750) override;
  result<void> remove_file(std::string_view path) override;
  result<void> remove_tree(std::string_view path) override;
  result<void> move(std::string_view from, std::string_view to) override;
  result<void> make_symlink(std::string_view path, std::string_view destination) override;
  result<void> make_hardlink(std::string_view path, std::string_view existing) override;
  result<void> sync_path(std::string_view path) override;
  result<void> set_attributes(std::string_view path, const attributes& wanted) override;
  result<std::optional<uint64_t>> free_bytes() override;

private:
  struct state;
  class memory_reader;
  class memory_writer;
  std::shared_ptr<state> state_;
};

} // namespace pgbraid

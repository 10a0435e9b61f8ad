// Storage in memory, for tests.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/storage.hpp"

#include <memory>
#include <optional>
#include <string>

namespace pgbraid {

struct memory_node;
struct memory_state;

/// Behaves like the posix driver as far as the contract goes, or like stores that can less or
/// other things: what the features do not claim is refused. Thread-safe; readers and writers keep
/// the content they need and may outlive the storage's names, but not the storage.
class memory_storage : public storage {
public:
  explicit memory_storage(std::string root = "/memory", storage_features features = everything());
  ~memory_storage() override;
  static storage_features everything() {
    return {.paths = true,
            .symlinks = true,
            .hardlinks = true,
            .versions = true,
            .tree_listing = true,
            .updates = true};
  }

  /// Writes beyond this sum of all content fail as on a full disk.
  void set_capacity(std::optional<uint64_t> total_bytes);
  /// Sum of the content of all files.
  uint64_t used_bytes() const;
  /// The content of a file, or a part of it, as much as there is; empty when there is no file.
  std::optional<std::string> content(std::string_view path, size_t offset = 0,
                                     size_t bytes = std::string::npos) const;

  storage_features features() const override;
  const std::string& root() const override;
  result<std::optional<entry_info>> info(std::string_view path) override;
  result<std::optional<std::vector<entry>>> list(std::string_view path) override;
  result<std::optional<std::vector<entry>>> list_tree(std::string_view path) override;
  result<std::unique_ptr<io::reader>> open_read(std::string_view path,
                                                const read_options& options = {}) override;
  result<std::unique_ptr<io::writer>> open_write(std::string_view path,
                                                 const write_options& options = {}) override;
  result<std::unique_ptr<io::updater>> open_update(std::string_view path,
                                                   const update_options& options) override;
  result<std::vector<file_version>> versions(std::string_view path) override;
  result<std::unique_ptr<io::reader>> open_version(std::string_view path, std::string_view id,
                                                   const read_options& options = {}) override;
  result<void> make_path(std::string_view path, uint32_t mode = 0750) override;
  result<void> remove_file(std::string_view path) override;
  result<void> remove_tree(std::string_view path) override;
  result<void> move(std::string_view from, std::string_view to) override;
  result<void> make_symlink(std::string_view path, std::string_view destination) override;
  result<void> make_hardlink(std::string_view path, std::string_view existing) override;
  result<void> sync_path(std::string_view path) override;
  bool may_sync_later() override { return true; } // Nothing here lasts longer for being synced.
  result<void> set_attributes(std::string_view path, const attributes& wanted) override;
  result<std::optional<uint64_t>> free_bytes() override;

private:
  result<std::shared_ptr<memory_node>> find_path(std::string_view path) const;
  error cannot(std::string_view verb, std::string_view path, std::string_view why) const;

  const std::shared_ptr<memory_state> state_;
};

} // namespace pgbraid

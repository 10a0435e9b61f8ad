// A storage in which nothing changes: what would be done is said.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/forwarding_storage.hpp"

#include <functional>

namespace pgbraid {

/// Looking and reading see what is behind, unchanged by what was only said. Every change succeeds
/// once its path is one that the contract allows; whether what is behind would have refused it, for
/// want of rights or of room, nobody knows. A removal is said only of what is there. Syncing does
/// nothing and is not said, since it belongs to the change before it.
class dry_run_storage final : public forwarding_storage {
public:
  /// Gets a phrase like "would remove '/repo/backup/demo'", from whichever thread asks.
  using sayer = std::function<void(const std::string&)>;
  dry_run_storage(std::shared_ptr<storage> base, sayer say)
      : forwarding_storage(std::move(base)), say_(std::move(say)) {}

  /// The bytes are counted and dropped; said with the commit.
  result<std::unique_ptr<io::writer>> open_write(std::string_view path,
                                                 const write_options& options = {}) override;
  result<std::unique_ptr<io::writer>> open_hollow(std::string_view path, uint64_t size_bytes,
                                                  const write_options& options = {}) override;
  result<std::unique_ptr<io::updater>> open_update(std::string_view path,
                                                   const update_options& options) override;
  result<void> make_path(std::string_view path, uint32_t mode) override;
  result<void> make_many_paths(std::span<const std::string> paths, uint32_t mode) override;
  result<void> remove_file(std::string_view path) override { return remove(path); }
  result<void> remove_files(std::span<const std::string> paths) override {
    return storage::remove_files(paths);
  }
  result<void> remove_tree(std::string_view path) override { return remove(path); }
  result<void> remove_unfinished(std::string_view path, int64_t before_s) override {
    return storage::remove_unfinished(path, before_s);
  }
  result<void> move(std::string_view from, std::string_view to) override;
  result<void> make_symlink(std::string_view path, std::string_view destination) override;
  result<void> make_hardlink(std::string_view path, std::string_view existing) override;
  result<void> sync_path(std::string_view path) override;
  result<void> sync_many_paths(std::span<const std::string> paths) override;
  result<void> sync_files() override { return success(); }
  result<void> set_attributes(std::string_view path, const attributes& wanted) override;

private:
  result<void> remove(std::string_view path);

  const sayer say_;
};

} // namespace pgbraid

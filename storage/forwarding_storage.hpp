// A storage that hands everything on to another one.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/storage.hpp"

namespace pgbraid {

/// The base of all that stands before a driver: each verb goes on as it came, those that look at
/// several names, too, so that what a driver does faster stays fast. As safe to share between
/// threads as what it stands before.
class forwarding_storage : public storage {
public:
  explicit forwarding_storage(std::shared_ptr<storage> base) : base_(std::move(base)) {}

  storage_features features() const override { return base_->features(); }
  const std::string& root() const override { return base_->root(); }

  result<std::optional<entry_info>> info(std::string_view path) override;
  result<std::vector<std::optional<entry_info>>>
  many_infos(std::span<const std::string> paths) override;
  result<std::optional<std::vector<entry>>> list(std::string_view path) override;
  result<bool> each_entry(std::string_view path, const entry_visitor& visit) override;
  result<std::optional<list_page>> list_some(std::string_view path, std::string_view after,
                                             size_t count) override;
  result<std::optional<std::vector<entry>>> list_named(std::string_view path,
                                                       std::string_view beginning) override;
  result<std::optional<std::vector<entry>>> list_tree(std::string_view path) override;

  result<std::unique_ptr<io::reader>> open_read(std::string_view path,
                                                const read_options& options = {}) override;
  result<std::unique_ptr<io::writer>> open_write(std::string_view path,
                                                 const write_options& options = {}) override;
  result<std::unique_ptr<io::writer>> open_hollow(std::string_view path, uint64_t size_bytes,
                                                  const write_options& options = {}) override;
  result<std::unique_ptr<io::updater>> open_update(std::string_view path,
                                                   const update_options& options) override;
  void read_small(std::span<small_read> files, io::io_engine* engine) override;
  std::unique_ptr<small_reads_ahead> begin_small(std::vector<small_read> files) override;
  result<std::vector<file_version>> versions(std::string_view path) override;
  result<std::unique_ptr<io::reader>> open_version(std::string_view path, std::string_view id,
                                                   const read_options& options = {}) override;

  result<void> make_path(std::string_view path, uint32_t mode = 0750) override;
  result<void> make_many_paths(std::span<const std::string> paths, uint32_t mode = 0750) override;
  result<void> remove_file(std::string_view path) override;
  result<void> remove_files(std::span<const std::string> paths) override;
  result<void> remove_tree(std::string_view path) override;
  result<void> remove_unfinished(std::string_view path, int64_t before_s) override;
  result<void> move(std::string_view from, std::string_view to) override;
  result<void> make_symlink(std::string_view path, std::string_view destination) override;
  result<void> make_hardlink(std::string_view path, std::string_view existing) override;
  result<void> sync_path(std::string_view path) override;
  result<void> sync_many_paths(std::span<const std::string> paths) override;
  result<void> sync_files() override;
  bool may_sync_later() override;
  result<void> set_attributes(std::string_view path, const attributes& wanted) override;
  result<std::optional<uint64_t>> free_bytes() override;

protected:
  storage& base() const { return *base_; }
  /// For files that ask it again and may live longer.
  const std::shared_ptr<storage>& shared_base() const { return base_; }
  /// A name as messages show it.
  std::string shown(std::string_view path) const {
    return path.empty() ? root() : root() + "/" + std::string(path);
  }

private:
  const std::shared_ptr<storage> base_;
};

} // namespace pgbraid

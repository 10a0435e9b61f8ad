// Handing each verb on.
// SPDX-License-Identifier: MIT
#include "storage/forwarding_storage.hpp"

namespace pgbraid {

result<std::optional<entry_info>> forwarding_storage::info(std::string_view path) {
  return base_->info(path);
}

result<std::vector<std::optional<entry_info>>>
forwarding_storage::many_infos(std::span<const std::string> paths) {
  return base_->many_infos(paths);
}

result<std::optional<std::vector<entry>>> forwarding_storage::list(std::string_view path) {
  return base_->list(path);
}

result<bool> forwarding_storage::each_entry(std::string_view path, const entry_visitor& visit) {
  return base_->each_entry(path, visit);
}

result<std::optional<storage::list_page>>
forwarding_storage::list_some(std::string_view path, std::string_view after, size_t count) {
  return base_->list_some(path, after, count);
}

result<std::optional<std::vector<entry>>>
forwarding_storage::list_named(std::string_view path, std::string_view beginning) {
  return base_->list_named(path, beginning);
}

result<std::optional<std::vector<entry>>> forwarding_storage::list_tree(std::string_view path) {
  return base_->list_tree(path);
}

result<std::unique_ptr<io::reader>> forwarding_storage::open_read(std::string_view path,
                                                                  const read_options& options) {
  return base_->open_read(path, options);
}

result<std::unique_ptr<io::writer>> forwarding_storage::open_write(std::string_view path,
                                                                   const write_options& options) {
  return base_->open_write(path, options);
}

result<std::unique_ptr<io::writer>> forwarding_storage::open_hollow(std::string_view path,
                                                                    uint64_t size_bytes,
                                                                    const write_options& options) {
  return base_->open_hollow(path, size_bytes, options);
}

result<std::unique_ptr<io::updater>>
forwarding_storage::open_update(std::string_view path, const update_options& options) {
  return base_->open_update(path, options);
}

void forwarding_storage::read_small(std::span<small_read> files, io::io_engine* engine) {
  return base_->read_small(files, engine);
}

std::unique_ptr<small_reads_ahead> forwarding_storage::begin_small(std::vector<small_read> files) {
  return base_->begin_small(std::move(files));
}

result<std::vector<file_version>> forwarding_storage::versions(std::string_view path) {
  return base_->versions(path);
}

result<std::unique_ptr<io::reader>> forwarding_storage::open_version(std::string_view path,
                                                                     std::string_view id,
                                                                     const read_options& options) {
  return base_->open_version(path, id, options);
}

result<void> forwarding_storage::make_path(std::string_view path, uint32_t mode) {
  return base_->make_path(path, mode);
}

result<void> forwarding_storage::make_many_paths(std::span<const std::string> paths,
                                                 uint32_t mode) {
  return base_->make_many_paths(paths, mode);
}

result<void> forwarding_storage::remove_file(std::string_view path) {
  return base_->remove_file(path);
}

result<void> forwarding_storage::remove_files(std::span<const std::string> paths) {
  return base_->remove_files(paths);
}

result<void> forwarding_storage::remove_tree(std::string_view path) {
  return base_->remove_tree(path);
}

result<void> forwarding_storage::remove_unfinished(std::string_view path, int64_t before_s) {
  return base_->remove_unfinished(path, before_s);
}

result<void> forwarding_storage::move(std::string_view from, std::string_view to) {
  return base_->move(from, to);
}

result<void> forwarding_storage::make_symlink(std::string_view path, std::string_view destination) {
  return base_->make_symlink(path, destination);
}

result<void> forwarding_storage::make_hardlink(std::string_view path, std::string_view existing) {
  return base_->make_hardlink(path, existing);
}

result<void> forwarding_storage::sync_path(std::string_view path) {
  return base_->sync_path(path);
}

result<void> forwarding_storage::sync_many_paths(std::span<const std::string> paths) {
  return base_->sync_many_paths(paths);
}

result<void> forwarding_storage::sync_files() {
  return base_->sync_files();
}

bool forwarding_storage::may_sync_later() {
  return base_->may_sync_later();
}

result<void> forwarding_storage::set_attributes(std::string_view path, const attributes& wanted) {
  return base_->set_attributes(path, wanted);
}

result<std::optional<uint64_t>> forwarding_storage::free_bytes() {
  return base_->free_bytes();
}

} // namespace pgbraid

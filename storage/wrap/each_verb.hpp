// A wrapper that does the same around every verb.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/forwarding_storage.hpp"
#include "storage/storage_verb.hpp"

namespace pgbraid {

/// Calls `around(verb, path, call)` of the wrapper for each verb of the contract but `read_small`,
/// which has its outcomes elsewhere; `call()` asks what is behind, as often as it is called.
/// `around` returns what `call` does. Nothing is read ahead: `begin_small` reads with `read_small`,
/// when it is waited for. Of several paths the first one is named, and of two the one
/// that changes.
template <class Wrapper> class each_verb : public forwarding_storage {
public:
  using forwarding_storage::forwarding_storage;

  storage_features features() const override {
    auto told = base().features();
    told.reads_ahead = false;
    return told;
  }
  result<std::optional<entry_info>> info(std::string_view path) override {
    return wrapper().around(storage_verb::info, path, [&] { return base().info(path); });
  }
  result<std::vector<std::optional<entry_info>>>
  many_infos(std::span<const std::string> paths) override {
    return wrapper().around(storage_verb::info, first(paths),
                            [&] { return base().many_infos(paths); });
  }
  result<std::optional<std::vector<entry>>> list(std::string_view path) override {
    return wrapper().around(storage_verb::list, path, [&] { return base().list(path); });
  }
  /// What was visited cannot be taken back: all is listed before.
  result<bool> each_entry(std::string_view path, const entry_visitor& visit) override {
    return storage::each_entry(path, visit);
  }
  result<std::optional<list_page>> list_some(std::string_view path, std::string_view after,
                                             size_t count) override {
    return wrapper().around(storage_verb::list, path,
                            [&] { return base().list_some(path, after, count); });
  }
  result<std::optional<std::vector<entry>>> list_named(std::string_view path,
                                                       std::string_view beginning) override {
    return wrapper().around(storage_verb::list, path,
                            [&] { return base().list_named(path, beginning); });
  }
  result<std::optional<std::vector<entry>>> list_tree(std::string_view path) override {
    return wrapper().around(storage_verb::list, path, [&] { return base().list_tree(path); });
  }
  result<std::unique_ptr<io::reader>> open_read(std::string_view path,
                                                const read_options& options = {}) override {
    return wrapper().around(storage_verb::open_read, path,
                            [&] { return base().open_read(path, options); });
  }
  std::unique_ptr<small_reads_ahead> begin_small(std::vector<small_read> files) override {
    return storage::begin_small(std::move(files));
  }
  result<std::unique_ptr<io::writer>> open_write(std::string_view path,
                                                 const write_options& options = {}) override {
    return wrapper().around(storage_verb::open_write, path,
                            [&] { return base().open_write(path, options); });
  }
  result<std::unique_ptr<io::writer>> open_hollow(std::string_view path, uint64_t size_bytes,
                                                  const write_options& options = {}) override {
    return wrapper().around(storage_verb::open_write, path,
                            [&] { return base().open_hollow(path, size_bytes, options); });
  }
  result<std::unique_ptr<io::updater>> open_update(std::string_view path,
                                                   const update_options& options) override {
    return wrapper().around(storage_verb::open_write, path,
                            [&] { return base().open_update(path, options); });
  }
  result<std::vector<file_version>> versions(std::string_view path) override {
    return wrapper().around(storage_verb::versions, path, [&] { return base().versions(path); });
  }
  result<std::unique_ptr<io::reader>> open_version(std::string_view path, std::string_view id,
                                                   const read_options& options = {}) override {
    return wrapper().around(storage_verb::open_read, path,
                            [&] { return base().open_version(path, id, options); });
  }
  result<void> make_path(std::string_view path, uint32_t mode = 0750) override {
    return wrapper().around(storage_verb::make_path, path,
                            [&] { return base().make_path(path, mode); });
  }
  result<void> make_many_paths(std::span<const std::string> paths, uint32_t mode = 0750) override {
    return wrapper().around(storage_verb::make_path, first(paths),
                            [&] { return base().make_many_paths(paths, mode); });
  }
  result<void> remove_file(std::string_view path) override {
    return wrapper().around(storage_verb::remove, path, [&] { return base().remove_file(path); });
  }
  result<void> remove_files(std::span<const std::string> paths) override {
    return wrapper().around(storage_verb::remove, first(paths),
                            [&] { return base().remove_files(paths); });
  }
  result<void> remove_tree(std::string_view path) override {
    return wrapper().around(storage_verb::remove, path, [&] { return base().remove_tree(path); });
  }
  result<void> remove_unfinished(std::string_view path, int64_t before_s) override {
    return wrapper().around(storage_verb::remove, path,
                            [&] { return base().remove_unfinished(path, before_s); });
  }
  result<void> move(std::string_view from, std::string_view to) override {
    return wrapper().around(storage_verb::move, from, [&] { return base().move(from, to); });
  }
  result<void> make_symlink(std::string_view path, std::string_view destination) override {
    return wrapper().around(storage_verb::link, path,
                            [&] { return base().make_symlink(path, destination); });
  }
  result<void> make_hardlink(std::string_view path, std::string_view existing) override {
    return wrapper().around(storage_verb::link, path,
                            [&] { return base().make_hardlink(path, existing); });
  }
  result<void> sync_path(std::string_view path) override {
    return wrapper().around(storage_verb::sync_path, path, [&] { return base().sync_path(path); });
  }
  result<void> sync_many_paths(std::span<const std::string> paths) override {
    return wrapper().around(storage_verb::sync_path, first(paths),
                            [&] { return base().sync_many_paths(paths); });
  }
  result<void> sync_files() override {
    return wrapper().around(storage_verb::sync_path, std::string_view(),
                            [&] { return base().sync_files(); });
  }
  bool may_sync_later() override { return base().may_sync_later(); }
  result<void> set_attributes(std::string_view path, const attributes& wanted) override {
    return wrapper().around(storage_verb::set_attributes, path,
                            [&] { return base().set_attributes(path, wanted); });
  }
  result<std::optional<uint64_t>> free_bytes() override {
    return wrapper().around(storage_verb::free_bytes, std::string_view(),
                            [&] { return base().free_bytes(); });
  }

private:
  Wrapper& wrapper() { return static_cast<Wrapper&>(*this); }
  static std::string_view first(std::span<const std::string> paths) {
    return paths.empty() ? std::string_view() : std::string_view(paths.front());
  }
};

} // namespace pgbraid

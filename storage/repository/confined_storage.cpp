// A repository as one stanza may see it.
// SPDX-License-Identifier: MIT
#include "storage/repository/confined_storage.hpp"

#include "engine/format/repository_reach.hpp"
#include "storage/forwarding_storage.hpp"

#include <algorithm>

namespace pgbraid {

namespace {

using format::reach;

class confined_storage final : public forwarding_storage {
public:
  confined_storage(std::unique_ptr<storage> repo, std::string stanza)
      : forwarding_storage(std::move(repo)), stanza_(std::move(stanza)) {}

  result<std::optional<entry_info>> info(std::string_view path) override {
    if (auto fine = check(path, reach::above); !fine)
      return fine.failure();
    return base().info(path);
  }
  result<std::vector<std::optional<entry_info>>>
  many_infos(std::span<const std::string> paths) override {
    if (auto fine = check_all(paths, reach::above); !fine)
      return fine.failure();
    return base().many_infos(paths);
  }
  result<std::optional<std::vector<entry>>> list(std::string_view path) override {
    if (auto fine = check(path, reach::above); !fine)
      return fine.failure();
    return base().list(path);
  }
  result<bool> each_entry(std::string_view path, const entry_visitor& visit) override {
    if (auto fine = check(path, reach::above); !fine)
      return fine.failure();
    return base().each_entry(path, visit);
  }
  result<std::optional<list_page>> list_some(std::string_view path, std::string_view after,
                                             size_t count) override {
    if (auto fine = check(path, reach::above); !fine)
      return fine.failure();
    return base().list_some(path, after, count);
  }
  result<std::optional<std::vector<entry>>> list_named(std::string_view path,
                                                       std::string_view beginning) override {
    if (auto fine = check(path, reach::above); !fine)
      return fine.failure();
    return base().list_named(path, beginning);
  }
  result<std::optional<std::vector<entry>>> list_tree(std::string_view path) override {
    if (auto fine = check(path); !fine)
      return fine.failure();
    return base().list_tree(path);
  }
  result<std::vector<file_version>> versions(std::string_view path) override {
    if (auto fine = check(path); !fine)
      return fine.failure();
    return base().versions(path);
  }
  result<std::unique_ptr<io::reader>> open_version(std::string_view path, std::string_view id,
                                                   const read_options& options) override {
    if (auto fine = check(path); !fine)
      return fine.failure();
    return base().open_version(path, id, options);
  }
  result<std::unique_ptr<io::reader>> open_read(std::string_view path,
                                                const read_options& options) override {
    if (auto fine = check(path); !fine)
      return fine.failure();
    return base().open_read(path, options);
  }
  result<std::unique_ptr<io::writer>> open_write(std::string_view path,
                                                 const write_options& options) override {
    if (auto fine = check(path); !fine)
      return fine.failure();
    return base().open_write(path, options);
  }
  result<std::unique_ptr<io::writer>> open_hollow(std::string_view path, uint64_t size_bytes,
                                                  const write_options& options) override {
    if (auto fine = check(path); !fine)
      return fine.failure();
    return base().open_hollow(path, size_bytes, options);
  }
  result<std::unique_ptr<io::updater>> open_update(std::string_view path,
                                                   const update_options& options) override {
    if (auto fine = check(path); !fine)
      return fine.failure();
    return base().open_update(path, options);
  }
  void read_small(std::span<small_read> files, io::io_engine* engine) override;
  std::unique_ptr<small_reads_ahead> begin_small(std::vector<small_read> files) override;
  result<void> make_path(std::string_view path, uint32_t mode) override {
    if (auto fine = check(path, reach::above); !fine)
      return fine;
    return base().make_path(path, mode);
  }
  result<void> make_many_paths(std::span<const std::string> paths, uint32_t mode) override {
    if (auto fine = check_all(paths, reach::above); !fine)
      return fine;
    return base().make_many_paths(paths, mode);
  }
  result<void> remove_file(std::string_view path) override {
    if (auto fine = check(path); !fine)
      return fine;
    return base().remove_file(path);
  }
  result<void> remove_files(std::span<const std::string> paths) override {
    if (auto fine = check_all(paths, reach::inside); !fine)
      return fine;
    return base().remove_files(paths);
  }
  result<void> remove_tree(std::string_view path) override {
    if (auto fine = check(path); !fine)
      return fine;
    return base().remove_tree(path);
  }
  result<void> remove_unfinished(std::string_view path, int64_t before_s) override {
    if (auto fine = check(path); !fine)
      return fine;
    return base().remove_unfinished(path, before_s);
  }
  result<void> move(std::string_view from, std::string_view to) override {
    if (auto fine = check_both(from, to); !fine)
      return fine;
    return base().move(from, to);
  }
  result<void> make_symlink(std::string_view path, std::string_view destination) override;
  result<void> make_hardlink(std::string_view path, std::string_view existing) override {
    if (auto fine = check_both(path, existing); !fine)
      return fine;
    return base().make_hardlink(path, existing);
  }
  result<void> sync_path(std::string_view path) override {
    if (auto fine = check(path, reach::above); !fine)
      return fine;
    return base().sync_path(path);
  }
  result<void> sync_many_paths(std::span<const std::string> paths) override {
    if (auto fine = check_all(paths, reach::above); !fine)
      return fine;
    return base().sync_many_paths(paths);
  }
  result<void> set_attributes(std::string_view path, const attributes& wanted) override {
    if (auto fine = check(path); !fine)
      return fine;
    return base().set_attributes(path, wanted);
  }

private:
  error refused(std::string_view path, std::string_view why) const {
    return {errc::access, "'" + root() + "/" + std::string(path) + "' " + std::string(why) +
                              " stanza '" + stanza_ + "'"};
  }
  /// @param furthest  what may be reached besides the stanza's own
  result<void> check(std::string_view path, reach furthest = reach::inside) const {
    if (format::reach_of(path, stanza_) <= furthest)
      return success();
    return refused(path, "does not belong to");
  }
  result<void> check_both(std::string_view one, std::string_view other) const {
    if (auto fine = check(one); !fine)
      return fine;
    return check(other);
  }
  result<void> check_all(std::span<const std::string> paths, reach furthest) const {
    for (const auto& path : paths)
      if (auto fine = check(path, furthest); !fine)
        return fine;
    return success();
  }

  const std::string stanza_;
};

void confined_storage::read_small(std::span<small_read> files, io::io_engine* engine) {
  const auto strayed = std::find_if(files.begin(), files.end(),
                                    [&](const small_read& one) { return !check(one.path); });
  if (strayed == files.end())
    return base().read_small(files, engine);
  for (auto& one : files) { // rare enough to be slow
    if (auto fine = check(one.path); !fine)
      one.failure = fine.failure();
    else
      base().read_small({&one, 1}, engine);
  }
}

std::unique_ptr<small_reads_ahead> confined_storage::begin_small(std::vector<small_read> files) {
  if (std::ranges::all_of(files, [&](const small_read& one) { return bool(check(one.path)); }))
    return base().begin_small(std::move(files));
  return storage::begin_small(std::move(files)); // where each is looked at
}

result<void> confined_storage::make_symlink(std::string_view path, std::string_view destination) {
  if (auto fine = check(path); !fine)
    return fine;
  if (!format::is_repository_link(path, destination))
    return refused(path, "is not a link of");
  return base().make_symlink(path, destination);
}

} // namespace

std::unique_ptr<storage> make_confined_storage(std::unique_ptr<storage> repo, std::string stanza) {
  return std::make_unique<confined_storage>(std::move(repo), std::move(stanza));
}

} // namespace pgbraid

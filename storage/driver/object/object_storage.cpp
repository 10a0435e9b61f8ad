// Verbs of the contract as requests to a store.
// SPDX-License-Identifier: MIT
#include "storage/driver/object/object_storage.hpp"

#include "engine/base/failures.hpp"
#include "engine/base/log.hpp"
#include "engine/base/path.hpp"
#include "engine/base/printable.hpp"
#include "storage/driver/object/list_guard.hpp"
#include "storage/driver/object/object_keys.hpp"
#include "storage/driver/object/object_writer.hpp"
#include "storage/driver/object/small_objects.hpp"
#include "storage/storage_path.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <initializer_list>

namespace pgbraid::object {

namespace {

constexpr uint64_t batch_bytes = uint64_t{4} << 20;
/// Requests of one call that are under way.
constexpr size_t asked_at_once = 32;
/// Batches of removals that are under way.
constexpr size_t removals_at_once = 4;

/// A list of unfinished uploads that is longer is one that never ends.
constexpr unsigned unfinished_pages_most = 1000;

/// What a list of names may hold. Others go by themselves: XML cannot hold every byte.
bool is_plain(std::string_view key) {
  return std::ranges::none_of(key, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

class object_storage final : public storage {
public:
  object_storage(std::shared_ptr<object_store> in, std::string root, const object_settings& how)
      : in_(std::move(in)), keys_(std::move(root)), how_(how) {}

  storage_features features() const override {
    return {.paths = false,
            .batch_bytes = batch_bytes,
            .read_over_bytes = how_.reading.read_over_bytes,
            .writer_bytes = object::writer_bytes(how_.chunk_bytes),
            .path_sync = false,
            .rename = false,
            .part_bytes = how_.chunk_bytes,
            .tree_listing = true,
            .reads_ahead = true};
  }
  const std::string& root() const override { return keys_.root(); }
  result<std::optional<entry_info>> info(std::string_view path) override;
  result<std::vector<std::optional<entry_info>>>
  many_infos(std::span<const std::string> paths) override;
  result<std::optional<std::vector<entry>>> list(std::string_view path) override {
    return list_below(path, false);
  }
  result<std::optional<std::vector<entry>>> list_named(std::string_view path,
                                                       std::string_view beginning) override {
    if (auto fine = check_storage_path(join_path(path, beginning)); !fine)
      return fine.failure();
    return list_below(path, false, beginning);
  }
  result<std::optional<std::vector<entry>>> list_tree(std::string_view path) override;
  result<std::unique_ptr<io::reader>> open_read(std::string_view path,
                                                const read_options& options) override;
  result<std::unique_ptr<io::writer>> open_write(std::string_view path,
                                                 const write_options& options) override;
  void read_small(std::span<small_read> files, io::io_engine* engine) override;
  std::unique_ptr<small_reads_ahead> begin_small(std::vector<small_read> files) override {
    return begin_small_objects(in_, keys_, std::move(files), asked_at_once);
  }
  result<void> make_path(std::string_view path, uint32_t) override {
    return check_storage_path(path);
  }
  result<void> remove_file(std::string_view path) override;
  result<void> remove_files(std::span<const std::string> paths) override;
  result<void> remove_tree(std::string_view path) override;
  result<void> remove_unfinished(std::string_view path, int64_t before_s) override;
  result<void> move(std::string_view from, std::string_view to) override {
    return cannot("move", {from, to}, "objects of a store keep their names");
  }
  result<void> make_symlink(std::string_view path, std::string_view) override {
    return cannot("link", {path}, "an object store has no links");
  }
  result<void> sync_path(std::string_view path) override { return check_storage_path(path); }
  result<void> sync_many_paths(std::span<const std::string>) override { return success(); }
  result<void> set_attributes(std::string_view path, const attributes& wanted) override;

private:
  result<std::optional<std::vector<entry>>> list_below(std::string_view path, bool all,
                                                       std::string_view beginning = {});
  template <class Visit>
  result<void> each_page(std::string_view path, object_store::list_request what, Visit visit);
  result<void> remove_keys(std::vector<std::string> keys, std::string_view shown);
  result<bool> holds_something(std::string_view path, asked<object_page> first);
  error begins_again(std::string_view path) const {
    return {errc::protocol,
            fmt::format("unable to list '{}': the store begins the same part of its list again",
                        keys_.shown(path))};
  }
  result<void> cannot(std::string_view verb, std::initializer_list<std::string_view> paths,
                      std::string_view why) const {
    for (const auto path : paths)
      if (auto fine = check_storage_path(path); !fine)
        return fine;
    return error{errc::feature_not_supported,
                 fmt::format("cannot {} '{}': {}", verb, keys_.shown(*paths.begin()), why)};
  }

  const std::shared_ptr<object_store> in_;
  const object_keys keys_;
  const object_settings how_;
};

template <class Visit>
result<void> object_storage::each_page(std::string_view path, object_store::list_request what,
                                       Visit visit) {
  list_guard guard;
  while (true) {
    auto page = in_->list(what)->wait();
    if (!page)
      return page.failure().within(fmt::format("unable to list '{}'", keys_.shown(path)));
    auto next = page->next;
    const bool goes_on = guard.goes_on(*page);
    if (auto seen = visit(std::move(*page)); !seen)
      return seen;
    if (next.empty())
      return success();
    if (!goes_on)
      return begins_again(path);
    what.from = std::move(next);
  }
}

result<std::optional<std::vector<entry>>>
object_storage::list_below(std::string_view path, bool all, std::string_view beginning) {
  using found = std::optional<std::vector<entry>>;
  if (auto fine = check_storage_path(path); !fine)
    return fine.failure();
  path_entries entries(keys_.prefix(path), keys_.shown(path));
  auto listed =
      each_page(path, {.prefix = keys_.prefix(path) + std::string(beginning), .below = all},
                [&](object_page page) { return entries.add(std::move(page)); });
  if (!listed)
    return listed.failure();
  return entries.found() ? found(entries.take()) : found();
}

/// Paths are told before what is in them.
result<std::optional<std::vector<entry>>> object_storage::list_tree(std::string_view path) {
  auto files = list_below(path, true);
  if (!files || !*files)
    return files;
  std::vector<entry> all;
  list_budget budget;
  std::string_view last; // the path that was told last, with all above it
  for (const auto& file : **files)
    for (auto end = file.name.find('/'); end != std::string::npos;
         end = file.name.find('/', end + 1)) {
      const auto above = std::string_view(file.name).substr(0, end);
      const bool told =
          last.starts_with(above) && (last.size() == above.size() || last[above.size()] == '/');
      if (told)
        continue;
      if (!budget.take(above))
        return list_budget::exceeded(keys_.shown(path));
      all.push_back({std::string(above), {.kind = entry_kind::path}});
      last = above;
    }
  std::ranges::move(**files, std::back_inserter(all));
  std::ranges::stable_sort(all, {}, &entry::name);
  const auto twice = std::ranges::unique(all, {}, &entry::name);
  all.erase(twice.begin(), twice.end());
  return std::optional(std::move(all));
}

result<std::optional<entry_info>> object_storage::info(std::string_view path) {
  const std::string one(path);
  auto all = many_infos(std::span(&one, 1));
  if (!all)
    return all.failure();
  return std::move(all->front());
}

result<std::vector<std::optional<entry_info>>>
object_storage::many_infos(std::span<const std::string> paths) {
  std::vector<std::optional<entry_info>> out(paths.size());
  for (const auto& path : paths)
    if (auto fine = check_storage_path(path); !fine)
      return fine.failure();
  for (size_t begin = 0; begin < paths.size(); begin += asked_at_once) {
    const auto count = std::min(asked_at_once, paths.size() - begin);
    std::vector<asked<std::optional<object_about>>> looks(count);
    for (size_t i = 0; i < count; ++i)
      if (!paths[begin + i].empty())
        looks[i] = in_->look(keys_.key(paths[begin + i]));
    std::vector<asked<object_page>> lists(count);
    for (size_t i = 0; i < count; ++i) {
      const auto& path = paths[begin + i];
      if (looks[i]) {
        auto about = looks[i]->wait();
        if (!about)
          return about.failure().within(fmt::format("unable to look at '{}'", keys_.shown(path)));
        if (*about)
          out[begin + i] = entry_info{.size_bytes = (*about)->size_bytes,
                                      .mtime_s = (*about)->mtime_s,
                                      .version = std::move((*about)->version)};
      }
      if (!out[begin + i])
        lists[i] = in_->list({.prefix = keys_.prefix(path), .below = true, .most = 1});
    }
    for (size_t i = 0; i < count; ++i) {
      if (!lists[i])
        continue;
      auto found = holds_something(paths[begin + i], std::move(lists[i]));
      if (!found)
        return found.failure();
      if (*found)
        out[begin + i] = entry_info{.kind = entry_kind::path};
    }
  }
  return out;
}

/// Mostly the first page tells; one that is empty may have others behind it.
result<bool> object_storage::holds_something(std::string_view path, asked<object_page> first) {
  list_guard guard;
  for (auto one = std::move(first);;) {
    auto page = one->wait();
    if (!page)
      return page.failure().within(fmt::format("unable to look at '{}'", keys_.shown(path)));
    if (!page->objects.empty() || !page->prefixes.empty())
      return true;
    if (page->next.empty())
      return false;
    if (!guard.goes_on(*page))
      return begins_again(path);
    one = in_->list({.prefix = keys_.prefix(path), .below = true, .from = std::move(page->next)});
  }
}

result<std::unique_ptr<io::reader>> object_storage::open_read(std::string_view path,
                                                              const read_options& options) {
  if (auto fine = check_storage_path(path); !fine)
    return fine.failure();
  if (path.empty())
    return error{errc::file_open, fmt::format("cannot read '{}': it is a path", keys_.root())};
  return object_reader::open(in_, keys_.key(path), keys_.shown(path), options, how_.reading);
}

result<std::unique_ptr<io::writer>> object_storage::open_write(std::string_view path,
                                                               const write_options& options) {
  if (auto fine = check_storage_path(path); !fine)
    return fine.failure();
  if (path.empty())
    return error{errc::param_invalid, fmt::format("cannot write '{}': it is a path", keys_.root())};
  return std::unique_ptr<io::writer>(std::make_unique<object_writer>(
      in_, keys_.key(path), keys_.shown(path), how_.chunk_bytes, options.size_hint_bytes));
}

void object_storage::read_small(std::span<small_read> files, io::io_engine* engine) {
  auto read = begin_small({files.begin(), files.end()})->wait(engine);
  std::ranges::move(read, files.begin());
}

result<void> object_storage::remove_file(std::string_view path) {
  if (auto fine = check_storage_path(path); !fine)
    return fine;
  if (path.empty())
    return error{errc::file_remove, fmt::format("cannot remove '{}': it is a path", keys_.root())};
  return remove_keys({keys_.key(path)}, path);
}

result<void> object_storage::remove_files(std::span<const std::string> paths) {
  std::vector<std::string> keys;
  for (const auto& path : paths) {
    if (auto fine = check_storage_path(path); !fine)
      return fine;
    if (path.empty())
      return error{errc::file_remove,
                   fmt::format("cannot remove '{}': it is a path", keys_.root())};
    keys.push_back(keys_.key(path));
  }
  return remove_keys(std::move(keys), paths.empty() ? std::string_view() : paths.front());
}

/// In batches, several of them under way; after a failure that is no hold the others are given up.
/// @param shown  a path, for messages
result<void> object_storage::remove_keys(std::vector<std::string> keys, std::string_view shown) {
  const auto odd = std::ranges::stable_partition(keys, is_plain);
  const auto plain = keys.size() - odd.size();
  std::deque<asked<nothing>> under_way;
  past_holds all;
  const auto settle = [&] {
    auto gone = under_way.front()->wait();
    under_way.pop_front();
    return all.goes_on(
        gone ? success()
             : gone.failure().within(fmt::format("unable to remove '{}'", keys_.shown(shown))));
  };
  for (size_t begin = 0; begin < keys.size();) {
    const auto count = begin < plain ? std::min(object_store::remove_most, plain - begin) : 1;
    if (under_way.size() == removals_at_once && !settle())
      return all.outcome();
    under_way.push_back(in_->remove(std::span<const std::string>(keys).subspan(begin, count)));
    begin += count;
  }
  while (!under_way.empty() && settle()) {
  }
  return all.outcome();
}

/// The store's own keys are removed, whatever names they have. A file of that name stays.
result<void> object_storage::remove_tree(std::string_view path) {
  if (auto fine = check_storage_path(path); !fine)
    return fine;
  past_holds all;
  auto listed = each_page(path, {.prefix = keys_.prefix(path), .below = true},
                          [&](object_page page) -> result<void> {
                            std::vector<std::string> keys;
                            for (auto& one : page.objects)
                              keys.push_back(std::move(one.key));
                            auto gone = remove_keys(std::move(keys), path);
                            return all.goes_on(gone) ? success() : gone;
                          });
  return listed ? all.outcome() : listed;
}

/// Whoever ended or dropped one meanwhile was quicker: then there is nothing to drop.
result<void> object_storage::remove_unfinished(std::string_view path, int64_t before_s) {
  if (auto fine = check_storage_path(path); !fine)
    return fine;
  object_store::list_request what{.prefix = keys_.prefix(path), .below = true};
  for (unsigned pages = 0; pages < unfinished_pages_most; ++pages) {
    auto listed = in_->list_uploads(what);
    if (!listed)
      return success();
    const auto page = listed->wait();
    if (!page)
      return page.failure().within(
          fmt::format("unable to list unfinished uploads of '{}'", keys_.shown(path)));
    for (const auto& one : page->uploads) {
      if (one.begun_s >= before_s)
        continue;
      if (auto gone = in_->drop_parts(one.key, one.upload)->wait(); !gone)
        return gone.failure().within(
            fmt::format("unable to remove the unfinished upload of '{}'", printable_line(one.key)));
      log::detail("removed an unfinished upload of '{}'", printable_line(one.key));
    }
    if (page->next.empty())
      return success();
    what.from = page->next;
  }
  return begins_again(path);
}

/// A store gives times itself: a wish for one is a wish for now. It knows no owners and modes.
result<void> object_storage::set_attributes(std::string_view path, const attributes& wanted) {
  if (auto fine = check_storage_path(path); !fine)
    return fine;
  if (!wanted.mtime_s || path.empty())
    return success();
  if (auto done = in_->touch(keys_.key(path))->wait(); !done)
    return done.failure().within(fmt::format("unable to touch '{}'", keys_.shown(path)));
  return success();
}

} // namespace

uint64_t writer_bytes(uint64_t chunk_bytes) {
  return (parts_under_way + 1) * chunk_bytes;
}

std::unique_ptr<storage> make_object_storage(std::shared_ptr<object_store> in, std::string root,
                                             const object_settings& how) {
  return std::make_unique<object_storage>(std::move(in), std::move(root), how);
}

} // namespace pgbraid::object

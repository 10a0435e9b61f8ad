// What all drivers get for free, and whole files at once.
// SPDX-License-Identifier: MIT
#include "storage/storage.hpp"

#include "engine/base/failures.hpp"
#include "engine/base/path.hpp"
#include "storage/list_budget.hpp"
#include "storage/storage_path.hpp"

#include <algorithm>
#include <iterator>

namespace pgbraid {

namespace {

constexpr uint64_t zeros_at_once_bytes = uint64_t{256} * 1024;

result<void> read_one(storage& from, small_read& wanted) {
  auto file = from.open_read(
      wanted.path, {.offset_bytes = wanted.offset_bytes, .limit_bytes = wanted.limit_bytes});
  if (!file)
    return file.failure();
  wanted.content.resize(wanted.limit_bytes);
  auto got = (*file)->read(wanted.content);
  wanted.content.resize(got ? *got : 0);
  if (!got)
    return got.failure();
  return success();
}

/// Nothing is read before it is waited for.
class reads_at_last final : public small_reads_ahead {
public:
  reads_at_last(storage& from, std::vector<small_read> files)
      : from_(from), files_(std::move(files)) {}
  std::vector<small_read> wait(io::io_engine* engine) override {
    from_.read_small(files_, engine);
    return std::move(files_);
  }

private:
  storage& from_;
  std::vector<small_read> files_;
};

} // namespace

std::unique_ptr<small_reads_ahead> storage::begin_small(std::vector<small_read> files) {
  return std::make_unique<reads_at_last>(*this, std::move(files));
}

result<std::optional<std::vector<entry>>> storage::list_named(std::string_view path,
                                                              std::string_view beginning) {
  auto all = list(path);
  if (all && *all)
    std::erase_if(**all, [&](const entry& one) { return !one.name.starts_with(beginning); });
  return all;
}

void storage::read_small(std::span<small_read> files, io::io_engine*) {
  for (auto& one : files) {
    one.failure.reset();
    if (auto done = read_one(*this, one); !done)
      one.failure = done.failure();
  }
}

result<bool> storage::each_entry(std::string_view path, const entry_visitor& visit) {
  auto all = list(path);
  if (!all)
    return all.failure();
  if (!*all)
    return false;
  for (auto& one : **all)
    if (auto seen = visit(one); !seen)
      return seen.failure();
  return true;
}

result<std::optional<storage::list_page>> storage::list_some(std::string_view path,
                                                             std::string_view after, size_t count) {
  auto all = list(path);
  if (!all)
    return all.failure();
  if (!*all)
    return std::optional<list_page>();
  auto& entries = **all;
  list_page out;
  const auto behind =
      std::upper_bound(entries.begin(), entries.end(), after,
                       [](std::string_view name, const entry& one) { return name < one.name; });
  const auto left = static_cast<size_t>(entries.end() - behind);
  const auto end = behind + static_cast<std::ptrdiff_t>(std::min(left, count));
  if (count < left)
    out.next = std::prev(end)->name;
  out.entries.assign(std::make_move_iterator(behind), std::make_move_iterator(end));
  return std::optional(std::move(out));
}

result<std::optional<std::vector<entry>>> storage::list_tree(std::string_view path) {
  std::vector<entry> all;
  list_budget budget;
  std::vector<std::string> left = {{}}; // ways from the path to what is still to be listed
  bool found = false;
  while (!left.empty()) {
    const auto at = std::move(left.back());
    left.pop_back();
    auto listed = list(join_path(path, at));
    if (!listed)
      return listed.failure();
    found = found || *listed;
    if (!*listed)
      continue;
    for (auto& one : **listed) {
      one.name = join_path(at, one.name);
      if (!budget.take(one.name, one.info.link_destination))
        return list_budget::exceeded(root() + "/" + std::string(path));
      if (one.info.kind == entry_kind::path)
        left.push_back(one.name);
      all.push_back(std::move(one));
    }
  }
  if (!found)
    return std::optional<std::vector<entry>>();
  std::ranges::sort(all, {}, &entry::name);
  return std::optional(std::move(all));
}

result<std::unique_ptr<io::updater>> storage::open_update(std::string_view path,
                                                          const update_options&) {
  return error{errc::feature_not_supported,
               "cannot change '" + root() + "/" + std::string(path) +
                   "': files of this storage are written from front to back"};
}

result<std::vector<file_version>> storage::versions(std::string_view path) {
  return error{errc::feature_not_supported, "cannot look for versions of '" + root() + "/" +
                                                std::string(path) + "': this storage keeps none"};
}

result<std::unique_ptr<io::reader>>
storage::open_version(std::string_view path, std::string_view id, const read_options&) {
  return error{errc::feature_not_supported, "cannot open version '" + std::string(id) + "' of '" +
                                                root() + "/" + std::string(path) +
                                                "': this storage keeps none"};
}

result<std::vector<std::optional<entry_info>>>
storage::many_infos(std::span<const std::string> paths) {
  std::vector<std::optional<entry_info>> out;
  for (const auto& path : paths) {
    auto one = info(path);
    if (!one)
      return one.failure();
    out.push_back(std::move(*one));
  }
  return out;
}

result<void> storage::make_many_paths(std::span<const std::string> paths, uint32_t mode) {
  for (const auto& path : paths)
    if (auto made = make_path(path, mode); !made)
      return made;
  return success();
}

result<void> storage::remove_files(std::span<const std::string> paths) {
  past_holds all;
  for (const auto& path : paths)
    if (!all.goes_on(remove_file(path)))
      break;
  return all.outcome();
}

result<void> storage::remove_unfinished(std::string_view path, int64_t) {
  return check_storage_path(path);
}

result<void> storage::sync_many_paths(std::span<const std::string> paths) {
  for (const auto& path : paths)
    if (auto synced = sync_path(path); !synced && synced.failure().code != errc::path_missing)
      return synced;
  return success();
}

result<std::unique_ptr<io::writer>> storage::open_hollow(std::string_view path, uint64_t size_bytes,
                                                         const write_options& options) {
  auto file = open_write(path, options);
  if (!file)
    return file;
  const std::vector<std::byte> zeros(std::min<uint64_t>(size_bytes, zeros_at_once_bytes));
  for (uint64_t left = size_bytes; left > 0;) {
    const auto part = byte_view(zeros).first(std::min<uint64_t>(left, zeros.size()));
    if (auto put = (*file)->write(part); !put)
      return put.failure();
    left -= part.size();
  }
  return file;
}

result<void> storage::sync_files() {
  return success();
}

result<void> storage::make_hardlink(std::string_view path, std::string_view existing) {
  for (const auto one : {path, existing})
    if (auto fine = check_storage_path(one); !fine)
      return fine;
  return error{errc::feature_not_supported,
               "cannot link '" + std::string(path) + "': this storage has no hard links"};
}

result<std::optional<uint64_t>> storage::free_bytes() {
  return std::optional<uint64_t>();
}

result<std::string> read_all(storage& from, std::string_view path, uint64_t limit_bytes) {
  auto file = from.open_read(path);
  if (!file)
    return file.failure();
  constexpr size_t piece_bytes = size_t{256} * 1024;
  std::string content;
  while (true) {
    const auto old = content.size();
    // One byte more than allowed shows that there is more.
    const auto piece = std::min<uint64_t>(piece_bytes, limit_bytes - old + 1);
    content.resize(old + piece);
    auto got = (*file)->read(std::as_writable_bytes(std::span(content).subspan(old)));
    if (!got)
      return got.failure();
    content.resize(old + *got);
    if (content.size() > limit_bytes)
      return error{errc::file_read, "cannot read '" + from.root() + "/" + std::string(path) +
                                        "': it is larger than " + std::to_string(limit_bytes) +
                                        " bytes"};
    if (*got < piece)
      return content;
  }
}

result<void> write_all(storage& to, std::string_view path, std::string_view content,
                       const write_options& options) {
  auto how = options;
  how.under_lock = true;
  auto file = to.open_write(path, how);
  if (!file)
    return file.failure();
  if (auto put = (*file)->write(as_bytes(content)); !put)
    return put;
  return io::commit(**file);
}

} // namespace pgbraid

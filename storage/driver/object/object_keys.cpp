// Which keys there may be, and which names they give.
// SPDX-License-Identifier: MIT
#include "storage/driver/object/object_keys.hpp"

#include "engine/base/log.hpp"
#include "engine/base/path.hpp"
#include "engine/base/printable.hpp"
#include "storage/storage_path.hpp"

#include <algorithm>

namespace pgbraid::object {

namespace {

std::string without_slashes(std::string_view path) {
  while (path.starts_with('/'))
    path.remove_prefix(1);
  while (path.ends_with('/'))
    path.remove_suffix(1);
  return std::string(path);
}

std::string as_prefix(std::string path) {
  return path.empty() ? path : std::move(path) + "/";
}

bool is_sane_path(std::string_view path) {
  if (!check_storage_path(path))
    return false;
  while (true) {
    const auto end = path.find('/');
    if (!is_sane_name(path.substr(0, end)))
      return false;
    if (end == std::string_view::npos)
      return true;
    path.remove_prefix(end + 1);
  }
}

} // namespace

object_keys::object_keys(std::string root)
    : root_(std::move(root)), below_(as_prefix(without_slashes(root_))) {}

std::string object_keys::key(std::string_view path) const {
  return below_ + std::string(path);
}

std::string object_keys::prefix(std::string_view path) const {
  return path.empty() ? below_ : below_ + std::string(path) + "/";
}

std::string object_keys::shown(std::string_view path) const {
  return path.empty() ? root_ : join_path(root_, path);
}

bool is_sane_name(std::string_view segment) {
  constexpr size_t longest_bytes = 1024; // so long a key may be
  return !segment.empty() && segment != "." && segment != ".." && segment.size() <= longest_bytes &&
         std::ranges::none_of(segment, [](char c) {
           return static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '/';
         });
}

result<void> path_entries::add_one(std::string_view key, const entry_info& info) {
  found_ = true;
  if (!budget_.take(key))
    return list_budget::exceeded(shown_);
  const bool is_path = key.ends_with('/');
  auto name = key.substr(prefix_.size());
  if (is_path && !name.empty())
    name.remove_suffix(1);
  if (name.empty())
    return success(); // the mark of the path itself, as consoles make it
  if (!is_sane_path(name)) {
    log::warn("'{}' in '{}' is passed over: that is no name of a file", printable(name), shown_);
    return success();
  }
  entries_.push_back({std::string(name), is_path ? entry_info{.kind = entry_kind::path} : info});
  return success();
}

result<void> path_entries::add(object_page page) {
  for (auto& one : page.objects)
    if (auto added = add_one(one.key, {.size_bytes = one.size_bytes,
                                       .mtime_s = one.mtime_s,
                                       .version = std::move(one.version)});
        !added)
      return added;
  for (const auto& one : page.prefixes)
    if (auto added = add_one(one, {.kind = entry_kind::path}); !added)
      return added;
  return success();
}

std::vector<entry> path_entries::take() {
  // A file comes before a path of the same name, which goes.
  std::ranges::stable_sort(entries_, [](const entry& a, const entry& b) {
    return a.name != b.name ? a.name < b.name : a.info.kind < b.info.kind;
  });
  const auto twice = std::ranges::unique(entries_, {}, &entry::name);
  entries_.erase(twice.begin(), twice.end());
  return std::move(entries_);
}

} // namespace pgbraid::object

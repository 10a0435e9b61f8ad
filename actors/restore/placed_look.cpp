// Looking at the places of many files.
// SPDX-License-Identifier: MIT
#include "actors/restore/placed_look.hpp"

#include <iterator>
#include <string>
#include <utility>

namespace pgbraid {

namespace {

bool is_right_size(const entry_info& found, const format::manifest_file& file) {
  return found.kind == entry_kind::file && found.size_bytes == file.size_bytes;
}

} // namespace

result<std::vector<std::optional<entry_info>>>
find_placed(const plan::restore_mapping& where, restore_tree& in,
            std::span<const format::manifest_file* const> files) {
  std::vector<std::optional<entry_info>> out;
  out.reserve(files.size());
  std::vector<std::string> paths;
  size_t root = 0;
  const auto ask = [&]() -> result<void> {
    if (paths.empty())
      return success();
    auto found = in.at(root).many_infos(paths);
    if (!found)
      return found.failure();
    std::ranges::move(*found, std::back_inserter(out));
    paths.clear();
    return success();
  };
  for (const auto* file : files) {
    auto place = where.locate(file->name);
    if (place.root != root)
      if (auto asked = ask(); !asked)
        return asked.failure();
    root = place.root;
    paths.push_back(std::move(place.path));
  }
  if (auto asked = ask(); !asked)
    return asked.failure();
  for (size_t i = 0; i < files.size(); ++i)
    if (out[i] && !is_right_size(*out[i], *files[i]))
      out[i].reset();
  return out;
}

size_t kept_files::add(const format::manifest_file& file) {
  files_.push_back(&file);
  return files_.size() - 1;
}

result<std::optional<entry_info>> kept_files::at(size_t position) {
  std::call_once(looked_, [this] { found_ = find_placed(where_, in_, files_); });
  if (!found_)
    return found_.failure();
  return (*found_)[position];
}

} // namespace pgbraid

// Cleaning the directory of a backup that is gone on with.
// SPDX-License-Identifier: MIT
#include "actors/backup/resumed_directory.hpp"

#include "engine/base/log.hpp"
#include "engine/base/path.hpp"
#include "engine/base/printable.hpp"
#include "engine/format/repository_path.hpp"

#include <set>
#include <string>

namespace pgbraid {

namespace {

using names = std::set<std::string, std::less<>>;

/// Relative to the directory of the backup.
names kept_files(repository& in, const format::manifest& of) {
  const auto base = format::label_path(in.stanza(), of.label).size() + 1;
  names out;
  for (const auto& file : of.files)
    if (file.has_checksum && file.reference == format::none_index && file.size_bytes > 0)
      out.insert(format::stored_file_path(in.stanza(), of, file).substr(base));
  out.insert(std::string(format::manifest_name) + std::string(format::copy_suffix));
  return out;
}

names kept_paths(const format::manifest& of, const names& files) {
  names out;
  for (const auto& path : of.paths)
    out.emplace(path.name);
  for (const auto& file : files)
    for (auto path = split_path(file).parent; !path.empty(); path = split_path(path).parent)
      out.emplace(path);
  return out;
}

} // namespace

result<void> clean_resumed(repository& in, const format::manifest& of,
                           const std::vector<entry>& tree, std::string_view spare) {
  auto& files = in.files();
  const auto base = format::label_path(in.stanza(), of.label) + "/";
  const auto keep = kept_files(in, of);
  const auto paths = kept_paths(of, keep);
  std::string gone = "/"; // what was removed last, with all that was in it
  for (const auto& one : tree) {
    if (one.name.starts_with(gone) || one.name.starts_with(spare))
      continue;
    const bool is_path = one.info.kind == entry_kind::path;
    if ((is_path ? paths : one.info.kind == entry_kind::file ? keep : names()).contains(one.name))
      continue;
    log::detail("remove {} '{}' from resumed backup", is_path ? "path" : "file",
                printable_line(base + one.name));
    if (auto removed =
            is_path ? files.remove_tree(base + one.name) : files.remove_file(base + one.name);
        !removed)
      return removed;
    if (is_path)
      gone = one.name + "/";
  }
  return success();
}

} // namespace pgbraid

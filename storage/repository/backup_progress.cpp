// Whether somebody works on an incomplete backup.
// SPDX-License-Identifier: MIT
#include "engine/base/clock.hpp"
#include "engine/base/log.hpp"
#include "engine/base/path.hpp"
#include "engine/format/repository_path.hpp"
#include "engine/plan/expire_backups.hpp"
#include "storage/repository/backup_claim.hpp"
#include "storage/repository/file_pair.hpp"
#include "storage/repository/repository.hpp"

#include <array>

namespace pgbraid {

namespace {

constexpr unsigned depth_max = 64;

/// Whether anything below a directory has changed lately; ends with the first that has.
result<bool> any_changed(storage& files, const std::string& directory, int64_t now_s,
                         unsigned depth) {
  auto listed = files.list(directory);
  if (!listed)
    return listed.failure();
  if (!*listed)
    return false;
  for (const auto& one : **listed)
    if (!plan::is_abandoned(one.info.mtime_s, now_s))
      return true;
  for (const auto& one : **listed) {
    if (one.info.kind != entry_kind::path || depth == depth_max)
      continue;
    auto below = any_changed(files, join_path(directory, one.name), now_s, depth + 1);
    if (!below || *below)
      return below;
  }
  return false;
}

} // namespace

int64_t storage_time_s(storage& files, std::string_view directory, std::string_view owner) {
  const auto path = fmt::format("{}/clock.{}{}", directory, owner, format::temporary_suffix);
  const auto made =
      write_all(files, path, {}, {.how = publish::in_place, .make_parents = false, .sync = false});
  const auto info = made ? files.info(path) : made.failure();
  static_cast<void>(files.remove_file(path)); // an empty file that stays is swept one day
  if (info && *info)
    return (*info)->mtime_s;
  log::debug("the time of the repository is not known, that of this host is taken: {}",
             info ? "the file is not there" : info.failure().message);
  return wall_s();
}

result<bool> is_in_progress(repository& in, std::string_view label, int64_t now_s) {
  auto& files = in.files();
  const auto directory = format::label_path(in.stanza(), label);
  auto seen = files.many_infos(
      std::array{directory, copy_of(format::manifest_path_of(in.stanza(), label))});
  if (!seen)
    return seen.failure();
  for (const auto& one : *seen)
    if (one && !plan::is_abandoned(one->mtime_s, now_s))
      return true;
  return any_changed(files, directory, now_s, 0);
}

result<void> sweep_temporary(repository& in, std::string_view owner) {
  const auto path = format::backup_path(in.stanza());
  auto listed = in.files().list(path);
  if (!listed)
    return listed.failure();
  auto found = listed->value_or(std::vector<entry>());
  std::erase_if(found,
                [](const entry& one) { return !one.name.ends_with(format::temporary_suffix); });
  if (found.empty())
    return success();
  const auto now_s = storage_time_s(in.files(), path, owner);
  for (const auto& one : found) {
    if (!plan::is_abandoned(one.info.mtime_s, now_s))
      continue;
    if (auto removed = in.files().remove_tree(join_path(path, one.name)); !removed)
      return removed;
  }
  return success();
}

} // namespace pgbraid

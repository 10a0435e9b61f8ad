// Checking, cleaning and building the targets of a restore.
// SPDX-License-Identifier: MIT
#include "actors/restore/restore_tree.hpp"

#include "engine/base/log.hpp"
#include "engine/base/path.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pgbraid {

namespace {

plan::found_kind kind_of(const entry_info& info) {
  switch (info.kind) {
  case entry_kind::file:
    return plan::found_kind::file;
  case entry_kind::path:
    return plan::found_kind::path;
  case entry_kind::link:
    return plan::found_kind::link;
  case entry_kind::special:
    break;
  }
  return plan::found_kind::special;
}

std::string_view word_for(entry_kind kind) {
  switch (kind) {
  case entry_kind::file:
    return "file";
  case entry_kind::path:
    return "path";
  case entry_kind::link:
    return "link";
  case entry_kind::special:
    break;
  }
  return "special file";
}

} // namespace

restore_tree::restore_tree(const format::manifest& backup, const plan::restore_mapping& where,
                           const plan::restore_rules& rules, const plan::owner_policy& owners,
                           const root_opener& open)
    : backup_(backup), where_(where), rules_(rules), owners_(owners) {
  for (const auto& root : where.roots())
    storages_.push_back(open(root.path));
}

result<void> restore_tree::check(bool overwrite) {
  for (size_t root = 0; root < storages_.size(); ++root)
    if (auto checked = check_root(root, overwrite); !checked)
      return checked;
  return success();
}

result<void> restore_tree::check_root(size_t root, bool overwrite) {
  const auto& what = where_.roots()[root];
  auto found = at(root).info(what.own);
  if (!found)
    return found.failure();
  if (!*found)
    return success();
  const auto& info = **found;
  if (what.kind == plan::root_kind::link_file) {
    if (overwrite && info.kind != entry_kind::file)
      return error{errc::file_open,
                   fmt::format("unable to restore file link destination '{}', which is a {}",
                               what.claimed(), word_for(info.kind))};
    if (overwrite)
      return success();
    return error{errc::file_exists,
                 fmt::format("unable to restore file link destination '{}' because it exists",
                             what.claimed()),
                 "Remove it, or use --delta to keep what matches the backup."};
  }
  if (info.kind != entry_kind::path)
    return error{errc::path_open, fmt::format("unable to restore to '{}', which is not a directory",
                                              what.claimed())};
  if (!owners_.is_root() && info.uid != owners_.own_uid())
    return error{
        errc::path_open,
        fmt::format("unable to restore to path '{}' not owned by current user", what.claimed())};
  if ((info.mode & 0700) != 0700)
    return error{errc::path_open, fmt::format("unable to restore to path '{}' without rwx "
                                              "permissions",
                                              what.claimed())};
  if (overwrite)
    return success();
  auto entries = at(root).list(what.own);
  if (!entries)
    return entries.failure();
  if (!*entries)
    return success();
  for (const auto& found_entry : **entries)
    if (!rules_.may_exist(fmt::format("{}/{}", what.name, found_entry.name)))
      return error{errc::path_not_empty,
                   fmt::format("unable to restore to path '{}' because it contains files, such as "
                               "'{}'",
                               what.claimed(), found_entry.name),
                   "Use --delta to keep what matches the backup and to remove what does not."};
  return success();
}

result<void> restore_tree::clean(bool overwrite) {
  const auto global = where_.locate("pg_data/global");
  auto& holder = at(global.root);
  if (auto gone = holder.remove_file(join_path(global.path, "pg_control")); !gone)
    return gone;
  auto exists = holder.info(global.path);
  if (!exists)
    return exists.failure();
  if (*exists)
    if (auto synced = holder.sync_path(global.path); !synced)
      return synced;
  if (!overwrite)
    return success();
  // Where `global` is mapped elsewhere now, the old pg_control lies in PGDATA: without this one an
  // aborted restore could be started.
  if (auto gone = at(0).remove_file("global/pg_control");
      !gone && gone.failure().code != errc::link_destination)
    return gone;

  for (size_t root = 0; root < storages_.size(); ++root) {
    const auto& what = where_.roots()[root];
    if (what.kind == plan::root_kind::link_file)
      continue;
    log::info("remove invalid files/links/paths from '{}'", what.claimed());
    if (auto cleaned = strangers_of(
            root, [this](const auto& at, const auto& found) { return remove_entry(at, found); });
        !cleaned)
      return cleaned;
  }
  return success();
}

result<void> restore_tree::each_stranger(const stranger_taker& take) {
  for (size_t root = 0; root < storages_.size(); ++root)
    if (auto taken = strangers_of(root, take); !taken)
      return taken;
  return success();
}

/// A directory that holds the destination of a file link is somebody else's.
result<void> restore_tree::strangers_of(size_t root, const stranger_taker& take) {
  const auto& what = where_.roots()[root];
  if (what.kind == plan::root_kind::link_file)
    return success();
  return strangers_in({root, what.own, join_path(what.name, what.own)}, take);
}

result<void> restore_tree::strangers_in(const found_path& here, const stranger_taker& take) {
  // Of a million files that stay nothing is kept.
  std::vector<std::pair<entry, bool>> looked_at;
  const auto there = at(here.root).each_entry(here.path, [&](entry& found) -> result<void> {
    const bool stays = rules_.stays({.name = join_path(here.name, found.name),
                                     .kind = kind_of(found.info),
                                     .link_destination = found.info.link_destination});
    if (!stays || found.info.kind == entry_kind::path)
      looked_at.emplace_back(std::move(found), stays);
    return success();
  });
  if (!there)
    return there.failure();
  std::ranges::sort(
      looked_at, {}, [](const auto& one) -> const auto& { return one.first.name; });
  for (const auto& [found, stays] : looked_at) {
    const found_path child{here.root, join_path(here.path, found.name),
                           join_path(here.name, found.name)};
    if (auto done = stays ? strangers_in(child, take) : take({child.root, child.path}, found);
        !done)
      return done;
  }
  return success();
}

result<void> restore_tree::remove_entry(const plan::restore_place& what, const entry& found) {
  log::detail("remove invalid {} '{}'", word_for(found.info.kind), where_.absolute(what));
  return found.info.kind == entry_kind::path ? at(what.root).remove_tree(what.path)
                                             : at(what.root).remove_file(what.path);
}

result<void> restore_tree::build_data() {
  const auto* root = backup_.find_path("pg_data");
  if (root == nullptr)
    return error{errc::format, "the manifest has no path 'pg_data'"};
  return build_path(*root);
}

result<void> restore_tree::build() {
  // Both lists are sorted, so parents come first; a link's destination is a root of its own and
  // needs nothing of the link. Tablespaces come after the links that say that they are ours.
  const auto in_tablespace = [](const auto& path) { return path.name.starts_with("pg_tblspc"); };
  const auto first = std::find_if(backup_.paths.begin(), backup_.paths.end(), in_tablespace);
  for (auto path = backup_.paths.begin(); path != first; ++path)
    if (auto built = build_path(*path); !built)
      return built;
  for (const auto& link : where_.links())
    if (auto built = build_link(link); !built)
      return built;
  for (auto path = first; path != backup_.paths.end(); ++path)
    if (path->name != "pg_tblspc")
      if (auto built = build_path(*path); !built)
        return built;
  return success();
}

result<void> restore_tree::build_path(const format::manifest_path& path) {
  const auto place = where_.locate(path.name);
  auto& holder = at(place.root);
  const auto owner = owners_.ids(path.user, path.group);
  auto found = holder.info(place.path);
  if (!found)
    return found.failure();
  // What lies outside of PGDATA and was there before is somebody's choice, not the manifest's.
  if (*found && place.root != 0 && place.path.empty())
    return success();
  storage::attributes wanted{.mode = path.mode, .uid = owner.uid, .gid = owner.gid};
  if (!*found) {
    log::detail("create path '{}'", where_.absolute(place));
    if (auto made = holder.make_path(place.path, path.mode); !made)
      return made;
  } else if (!owners_.is_root() &&
             ((*found)->uid != owners_.own_uid() || (*found)->gid != owners_.own_gid())) {
    wanted.uid = owners_.own_uid();
    wanted.gid = owners_.own_gid();
  }
  return holder.set_attributes(place.path, wanted);
}

result<void> restore_tree::build_link(const plan::restore_link& link) {
  const auto place = where_.locate_link(link.name);
  auto& holder = at(place.root);
  if (link.to_file) {
    // The directory of the destination is nobody's entry in the manifest.
    const auto target = where_.locate(link.name);
    auto found = at(target.root).info("");
    if (!found)
      return found.failure();
    if (!*found) {
      if (auto made = at(target.root).make_path(""); !made)
        return made;
      const auto owner = owners_.data_ids();
      if (auto given = at(target.root).set_attributes("", {.uid = owner.uid, .gid = owner.gid});
          !given)
        return given;
    }
  }
  auto found = holder.info(place.path);
  if (!found)
    return found.failure();
  if (*found)
    return success();
  log::detail("create symlink '{}' to '{}'", where_.absolute(place), link.destination);
  if (auto made = holder.make_symlink(place.path, link.destination); !made)
    return made;
  const auto owner = owners_.ids(link.user, link.group);
  if (!owner.uid && !owner.gid)
    return success();
  return holder.set_attributes(place.path, {.uid = owner.uid, .gid = owner.gid});
}

bool restore_tree::may_sync_later() {
  return std::ranges::all_of(storages_, [](const auto& root) { return root->may_sync_later(); });
}

result<void> restore_tree::sync(bool files_too) {
  if (files_too)
    for (const auto& root : storages_)
      if (auto synced = root->sync_files(); !synced)
        return synced;
  for (const auto& path : backup_.paths) {
    if (path.name == "pg_tblspc" || path.name == "pg_data/global")
      continue;
    const auto place = where_.locate(path.name);
    if (auto synced = at(place.root).sync_path(place.path); !synced)
      return synced;
  }
  for (const auto& link : where_.links())
    if (link.to_file)
      if (auto synced = at(where_.locate(link.name).root).sync_path(""); !synced)
        return synced;
  return success();
}

} // namespace pgbraid

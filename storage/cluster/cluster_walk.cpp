// Walking the directories of a cluster.
// SPDX-License-Identifier: MIT
#include "storage/cluster/cluster_walk.hpp"

#include "engine/base/log.hpp"
#include "engine/format/entry_name.hpp"
#include "engine/format/info_value.hpp"
#include "engine/format/manifest_values.hpp"
#include "engine/postgres/exclusion.hpp"
#include "storage/cluster/owner_names.hpp"
#include "storage/cluster/target_location.hpp"
#include "storage/storage_path.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <charconv>
#include <cstdint>
#include <limits>
#include <set>
#include <string>

namespace pgbraid {

namespace {

constexpr std::string_view data_target = "pg_data";
constexpr std::string_view tablespace_links = "pg_data/pg_tblspc";
constexpr std::string_view tablespace_root = "pg_tblspc";

error missing_destination(const std::string& path) {
  return {errc::file_open, fmt::format("unable to get info for missing path/file '{}'", path)};
}

/// What is found out of a directory before it is known which of its relations are unlogged.
struct directory_content {
  std::vector<entry> to_visit = {}; ///< all but files
  std::set<std::string, std::less<>> unlogged =
      {}; ///< relations of which only the init fork is taken
};

bool is_unlogged(const directory_content& in, std::string_view name) {
  const auto relation = postgres::relation_file_number(name);
  return relation && in.unlogged.contains(*relation);
}

class walk {
public:
  walk(storage& pgdata, const storage_opener& open, const cluster_walk_options& options,
       format::manifest& into)
      : pgdata_(pgdata), open_(open),
        options_(options), scope_{.version = options.version, .online = options.online},
        into_(into) {}

  result<void> run();

private:
  /// A directory: `path` in `where`, called `name` in the manifest.
  struct place {
    storage& where;
    std::string path;
    std::string name;
  };

  result<void> directory(const place& at, const entry_info& info);
  result<void> content(const place& at);
  result<void> take_entry(const place& at, entry& one, directory_content& into);
  result<void> gone(std::string name);
  result<void> visit(const place& at, const entry& one);
  result<void> link(const place& at, const entry& one);
  result<void> directory_link(format::manifest_target target, const entry_info& destination);
  result<void> file_link(format::manifest_target target, const entry_info& destination);
  result<void> tablespace(const place& at, const entry& one);
  result<void> add_target(format::manifest_target target);
  void add_path(std::string_view name, const entry_info& info);
  void add_tablespace_path(std::string_view name);
  void add_file(std::string_view name, const entry_info& info);
  void add_link(std::string_view name, const entry_info& info);
  bool user_excludes(const place& at, std::string_view name) const;
  bool user_excludes_content(std::string_view name) const;
  result<std::string> tablespace_name(uint64_t oid) const;
  result<entry_info> destination_info(const std::string& link_name, const std::string& location);

  storage& pgdata_;
  const storage_opener& open_;
  const cluster_walk_options& options_;
  postgres::backup_scope scope_;
  format::manifest& into_;
  owner_names owners_{options_.owners};
  /// Storages of destinations; kept because places refer to them.
  std::vector<std::unique_ptr<storage>> opened_ = {};
};

/// What a manifest has of a mode: no set-id and sticky bits, as the peer; a restore refuses them.
uint16_t mode_of(const entry_info& info) {
  return static_cast<uint16_t>(info.mode & 0777);
}

format::owner_index owner_of(format::manifest& into, const std::optional<std::string>& name) {
  return name && format::is_owner_name(*name) ? into.owner(*name) : format::no_owner;
}

format::entry_place place_of(entry_kind kind) {
  switch (kind) {
  case entry_kind::path:
    return format::entry_place::path;
  case entry_kind::link:
    return format::entry_place::link;
  case entry_kind::file:
  case entry_kind::special:
    break;
  }
  return format::entry_place::file;
}

/// Names with a line feed, and paths that are too long; PostgreSQL makes neither.
void warn_of_unnameable(const std::string& path, entry_kind kind) {
  log::warn("exclude {} '{}' from backup: a manifest cannot hold its name",
            kind == entry_kind::path ? "path and content of" : "file", format::printable(path));
}

void walk::add_path(std::string_view name, const entry_info& info) {
  into_.paths.push_back({.name = into_.keep(name),
                         .user = owner_of(into_, owners_.user(info.uid)),
                         .group = owner_of(into_, owners_.group(info.gid)),
                         .mode = mode_of(info)});
}

/// The path of a tablespace looks like the directory of the links, not like its destination.
void walk::add_tablespace_path(std::string_view name) {
  const auto links = std::find_if(into_.paths.begin(), into_.paths.end(),
                                  [](const auto& path) { return path.name == tablespace_links; });
  assert(links != into_.paths.end());
  auto path = *links;
  path.name = into_.keep(name);
  into_.paths.push_back(path);
}

void walk::add_file(std::string_view name, const entry_info& info) {
  format::manifest_file file;
  file.name = into_.keep(name);
  file.size_bytes = info.size_bytes;
  file.mtime_s = info.mtime_s;
  file.user = owner_of(into_, owners_.user(info.uid));
  file.group = owner_of(into_, owners_.group(info.gid));
  file.mode = mode_of(info);
  if (options_.checksum_page && postgres::has_page_checksums(name))
    file.pages = format::page_check::valid;
  into_.files.push_back(file);
}

void walk::add_link(std::string_view name, const entry_info& info) {
  into_.links.push_back({.name = into_.keep(name),
                         .destination = into_.keep(info.link_destination),
                         .user = owner_of(into_, owners_.user(info.uid)),
                         .group = owner_of(into_, owners_.group(info.gid))});
}

result<void> walk::add_target(format::manifest_target target) {
  if (auto free = check_target(pgdata_.root(), into_.targets, target); !free)
    return free;
  into_.targets.push_back(std::move(target));
  return success();
}

result<void> walk::run() {
  const auto info = pgdata_.info("");
  if (!info)
    return info.failure();
  if (!*info) {
    return error{errc::path_missing,
                 fmt::format("unable to list missing path '{}'", pgdata_.root())};
  }
  const auto& root = **info;
  into_.targets.push_back({.name = std::string(data_target),
                           .type = format::target_type::path,
                           .path = pgdata_.root()});
  const auto user = owner_of(into_, owners_.user(root.uid));
  const auto group = owner_of(into_, owners_.group(root.gid));
  const auto mode = mode_of(root);
  into_.path_defaults = {.user = user, .group = group, .mode = mode};
  into_.file_defaults = {.user = user, .group = group, .mode = static_cast<uint16_t>(mode & 0640)};
  into_.link_defaults = {.user = user, .group = group};
  if (auto walked = directory({pgdata_, "", std::string(data_target)}, root); !walked)
    return walked;
  const bool any_tablespace =
      std::any_of(into_.targets.begin(), into_.targets.end(),
                  [](const format::manifest_target& one) { return one.is_tablespace(); });
  if (any_tablespace)
    add_path(tablespace_root, root);
  into_.sort();
  return success();
}

result<void> walk::directory(const place& at, const entry_info& info) {
  add_path(at.name, info);
  if (postgres::content_is_excluded(scope_, at.name) || user_excludes_content(at.name))
    return success();
  return content(at);
}

/// Whether that is right is for others to find out.
result<void> walk::gone(std::string name) {
  if (options_.gone_paths != nullptr)
    options_.gone_paths->push_back(std::move(name));
  return success();
}

/// Files, of which there may be very many, are taken as they come; all others in order, afterwards.
result<void> walk::take_entry(const place& at, entry& one, directory_content& into) {
  if (postgres::is_database_path(at.name))
    if (const auto relation = postgres::init_fork_relation(one.name))
      into.unlogged.emplace(*relation);
  if (postgres::is_excluded(scope_, at.name, one.name) || user_excludes(at, one.name))
    return success();
  const auto name = join_path(at.name, one.name);
  const bool is_plain = one.info.kind == entry_kind::file && at.name != tablespace_links &&
                        format::is_entry_name(name, format::entry_place::file);
  if (!is_plain)
    into.to_visit.push_back(std::move(one));
  else if (!postgres::files_are_excluded(scope_, at.name))
    add_file(name, one.info);
  return success();
}

result<void> walk::content(const place& at) {
  directory_content found;
  const auto first = static_cast<std::ptrdiff_t>(into_.files.size());
  const auto there =
      at.where.each_entry(at.path, [&](entry& one) { return take_entry(at, one, found); });
  if (!there)
    return there.failure();
  if (!*there) // vanished since it was seen
    return gone(at.name);
  if (!found.unlogged.empty()) {
    const auto kept = std::remove_if(into_.files.begin() + first, into_.files.end(),
                                     [&](const format::manifest_file& file) {
                                       return is_unlogged(found, split_path(file.name).name);
                                     });
    into_.files.cut(static_cast<size_t>(kept - into_.files.begin()));
  }
  std::ranges::sort(found.to_visit, {}, &entry::name);
  for (const auto& one : found.to_visit)
    if (!is_unlogged(found, one.name))
      if (auto visited = visit(at, one); !visited)
        return visited;
  return success();
}

result<void> walk::visit(const place& at, const entry& one) {
  const auto name = join_path(at.name, one.name);
  if (at.name == tablespace_links && one.info.kind != entry_kind::link) {
    return error{errc::link_expected,
                 fmt::format("'{}/{}' is not a symlink - pg_tblspc should contain only symlinks",
                             at.where.root(), join_path(at.path, one.name))};
  }
  if (one.info.kind == entry_kind::link && is_within(at.name, tablespace_root)) {
    return error{errc::link_destination,
                 fmt::format("link '{}/{}' is inside of a tablespace", at.where.root(),
                             join_path(at.path, one.name)),
                 "A backup cannot hold it: put what it leads to in its place."};
  }
  if (one.info.kind != entry_kind::special &&
      !format::is_entry_name(name, place_of(one.info.kind))) {
    warn_of_unnameable(at.where.root() + "/" + join_path(at.path, one.name), one.info.kind);
    return success();
  }
  switch (one.info.kind) {
  case entry_kind::path:
    return directory({at.where, join_path(at.path, one.name), name}, one.info);
  case entry_kind::file:
    return success(); // taken as it came
  case entry_kind::link:
    return at.name == tablespace_links ? tablespace(at, one) : link(at, one);
  case entry_kind::special:
    log::warn("exclude special file '{}/{}' from backup", at.where.root(),
              join_path(at.path, one.name));
    return success();
  }
  return success();
}

result<entry_info> walk::destination_info(const std::string& link_name,
                                          const std::string& location) {
  const auto parts = split_path(location);
  auto parent = open_(parts.parent.empty() ? "/" : std::string(parts.parent));
  if (!parent)
    return parent.failure();
  auto info = (*parent)->info(parts.name);
  if (!info)
    return info.failure();
  if (!*info)
    return missing_destination(location);
  if ((*info)->kind == entry_kind::link) {
    return error{errc::link_destination,
                 fmt::format("link '{}' cannot reference another link '{}'", link_name, location)};
  }
  return **info;
}

result<void> walk::link(const place& at, const entry& one) {
  format::manifest_target target{.name = join_path(at.name, one.name),
                                 .type = format::target_type::link,
                                 .path = one.info.link_destination};
  const auto location = target_location(pgdata_.root(), target);
  auto destination = destination_info(target.name, location);
  if (!destination)
    return destination.failure();
  if (destination->kind == entry_kind::special) {
    log::warn("exclude special file '{}' from backup", location);
    return success();
  }
  // A link to a file that is not taken would be a link to nothing.
  if (destination->kind == entry_kind::file && postgres::files_are_excluded(scope_, at.name))
    return success();
  add_link(target.name, one.info);
  if (destination->kind == entry_kind::file)
    return file_link(std::move(target), *destination);
  return directory_link(std::move(target), *destination);
}

result<void> walk::file_link(format::manifest_target target, const entry_info& destination) {
  const auto name = target.name;
  const auto slash = target.path.rfind('/');
  target.file = slash == target.path.npos ? target.path : target.path.substr(slash + 1);
  if (slash == target.path.npos) {
    return error{errc::link_destination,
                 fmt::format("link '{}' destination '{}' is in PGDATA", name, target.path)};
  }
  target.path = slash == 0 ? "/" : target.path.substr(0, slash);
  if (auto added = add_target(std::move(target)); !added)
    return added;
  add_file(name, destination);
  return success();
}

result<void> walk::directory_link(format::manifest_target target, const entry_info& destination) {
  const auto name = target.name;
  auto opened = open_(target_location(pgdata_.root(), target));
  if (!opened)
    return opened.failure();
  if (auto added = add_target(std::move(target)); !added)
    return added;
  opened_.push_back(std::move(*opened));
  return directory({*opened_.back(), "", name}, destination);
}

result<std::string> walk::tablespace_name(uint64_t oid) const {
  if (!options_.online)
    return fmt::format("ts{}", oid);
  const auto found = std::find_if(options_.tablespaces.begin(), options_.tablespaces.end(),
                                  [=](const catalog_tablespace& one) { return one.oid == oid; });
  if (found != options_.tablespaces.end())
    return found->name;
  return error{errc::db_mismatch,
               fmt::format("tablespace with oid {} not found in the catalog", oid),
               "Was the tablespace created or dropped while the backup began? Then try again."};
}

result<void> walk::tablespace(const place& at, const entry& one) {
  uint64_t oid = 0;
  const auto* end = one.name.data() + one.name.size();
  // Only as PostgreSQL writes it: two names of one oid would be two targets of one name.
  if (std::from_chars(one.name.data(), end, oid).ptr != end || oid == 0 ||
      std::to_string(oid) != one.name || oid > std::numeric_limits<uint32_t>::max()) {
    return error{errc::link_expected, fmt::format("'{}/{}' is not the link of a tablespace",
                                                  at.where.root(), join_path(at.path, one.name))};
  }
  auto called = tablespace_name(oid);
  if (!called)
    return called.failure();
  format::manifest_target target{.name = join_path(tablespace_root, one.name),
                                 .type = format::target_type::link,
                                 .path = one.info.link_destination,
                                 .tablespace_id = oid,
                                 .tablespace_name = std::move(*called)};
  const auto name = target.name;
  const auto location = target_location(pgdata_.root(), target);
  auto destination = destination_info(join_path(tablespace_links, one.name), location);
  if (!destination)
    return destination.failure();
  auto opened = open_(location);
  if (!opened)
    return opened.failure();
  if (auto added = add_target(std::move(target)); !added)
    return added;
  add_link(join_path(tablespace_links, one.name), one.info);
  add_tablespace_path(name);

  // Clusters of other versions may share the location; only our own directory is looked at.
  opened_.push_back(std::move(*opened));
  auto& where = *opened_.back();
  const auto directory_name =
      postgres::tablespace_directory(options_.version, options_.catalog_version);
  const auto info = where.info(directory_name);
  if (!info)
    return info.failure();
  if (!*info)
    return options_.online ? gone(join_path(name, directory_name)) : success();
  return directory({where, directory_name, join_path(name, directory_name)}, **info);
}

/// The part of a manifest name that users give to `exclude`.
std::string_view relative_to_pgdata(std::string_view name) {
  constexpr std::string_view prefix = "pg_data/";
  return name.starts_with(prefix) ? name.substr(prefix.size()) : std::string_view{};
}

bool walk::user_excludes(const place& at, std::string_view name) const {
  if (options_.exclude.empty())
    return false;
  const auto full = join_path(at.name, name);
  const auto relative = relative_to_pgdata(full);
  if (relative.empty() || std::find(options_.exclude.begin(), options_.exclude.end(), relative) ==
                              options_.exclude.end())
    return false;
  log::info("exclude '{}/{}' from backup using '{}' exclusion", at.where.root(),
            join_path(at.path, name), relative);
  return true;
}

bool walk::user_excludes_content(std::string_view name) const {
  const auto relative = relative_to_pgdata(name);
  if (relative.empty())
    return false;
  const auto wanted = std::string(relative) + "/";
  if (std::find(options_.exclude.begin(), options_.exclude.end(), wanted) == options_.exclude.end())
    return false;
  log::info("exclude contents of '{}/{}' from backup using '{}' exclusion", pgdata_.root(),
            relative, wanted);
  return true;
}

} // namespace

result<void> walk_cluster(storage& pgdata, const storage_opener& open,
                          const cluster_walk_options& options, format::manifest& into) {
  return walk(pgdata, open, options, into).run();
}

std::string cluster_file_path(const format::manifest& of, std::string_view name) {
  const format::manifest_target* nearest = nullptr;
  for (const auto& target : of.targets) {
    if (is_within(name, target.name) &&
        (nearest == nullptr || target.name.size() > nearest->name.size()))
      nearest = &target;
  }
  assert(nearest != nullptr);
  auto path = target_location(of.data_target().path, *nearest);
  return path.append(name.substr(nearest->name.size()));
}

} // namespace pgbraid

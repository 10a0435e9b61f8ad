// The safety of a manifest's tree.
// SPDX-License-Identifier: MIT
#include "engine/plan/manifest_tree.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pgbraid::plan {

namespace {

error broken(std::string_view what, std::string_view name, std::string_view why) {
  return {errc::format, fmt::format("{} '{}' in the manifest {}", what, name, why),
          "The manifest is damaged or was made to write outside of the cluster; nothing was "
          "changed."};
}

/// The part of a name that links of the cluster have: `pg_data/pg_tblspc/1` for `pg_tblspc/1`.
std::string link_name_of(const format::manifest_target& target) {
  return target.is_tablespace() ? "pg_data/" + target.name : target.name;
}

constexpr std::string_view marker = "pg_data/backup.manifest";
constexpr std::string_view tablespaces = "pg_tblspc/";

/// `file` in the directory of a link: that of `/file` is `/`.
std::string beside(const std::string& directory, const std::string& file) {
  return directory == "/" ? directory + file : directory + "/" + file;
}

class checker {
public:
  explicit checker(const format::manifest& of)
      : manifest_(of), version_directory_(tablespace_directory_of(of)) {}

  result<void> run() {
    if (manifest_.targets.empty() || manifest_.find_target("pg_data") == nullptr)
      return broken("target", "pg_data", "is missing");
    for (const auto& path : manifest_.paths)
      if (auto fits = check_path(path.name); !fits)
        return fits;
    for (const auto& file : manifest_.files)
      if (auto fits = check_file(file); !fits)
        return fits;
    for (const auto& link : manifest_.links)
      if (auto fits = check_link(link); !fits)
        return fits;
    for (const auto& target : manifest_.targets)
      if (target.type == format::target_type::link &&
          manifest_.find_link(link_name_of(target)) == nullptr)
        return broken("target", target.name, "has no link");
    return success();
  }

private:
  result<void> check_parent(std::string_view what, std::string_view name) {
    const auto slash = name.rfind('/');
    if (slash == std::string_view::npos) // the roots `pg_data` and `pg_tblspc`
      return success();
    const auto parent = name.substr(0, slash);
    // Entries are sorted, so siblings come one after the other.
    if (parent == known_parent_)
      return success();
    if (manifest_.find_path(parent) == nullptr)
      return broken(what, name, "is not in a path of the manifest");
    known_parent_ = parent;
    return success();
  }

  /// Below `pg_tblspc` there are tablespaces, and in each of them one directory of this cluster.
  result<void> check_tablespace_path(std::string_view name) {
    if (!name.starts_with(tablespaces))
      return success();
    const auto inner = name.find('/', tablespaces.size());
    const auto* target = manifest_.find_target(name.substr(0, inner));
    if (target == nullptr || !target->is_tablespace())
      return broken("path", name, "is in a tablespace that is no target");
    if (inner != std::string_view::npos &&
        name.substr(inner + 1, name.find('/', inner + 1) - inner - 1) != version_directory_)
      return broken("path", name, "does not belong to this cluster");
    return success();
  }

  result<void> check_path(std::string_view name) {
    if (auto fits = check_tablespace_path(name); !fits)
      return fits;
    if (name == control_file_temporary || name == marker)
      return broken("path", name, "has a name that a restore needs for itself");
    return check_parent("path", name);
  }

  result<void> check_file(const format::manifest_file& file) {
    if (file.name == control_file_temporary)
      return error{
          errc::format,
          fmt::format("file '{}' in the manifest has the name that pg_control has until the "
                      "restore is complete",
                      file.name),
          "It was left in the cluster by a restore that was interrupted. Nothing was "
          "changed; restore a set that was made when it was not there (--set)."};
    if (manifest_.find_path(file.name) != nullptr)
      return broken("file", file.name, "is a path, too");
    const auto slashes = std::ranges::count(file.name, '/');
    if (slashes < (file.name.starts_with(tablespaces) ? 3 : 1))
      return broken("file", file.name, "is in no target");
    return check_parent("file", file.name);
  }

  result<void> check_link(const format::manifest_link& link) {
    if (link.name == control_file_temporary || link.name == marker)
      return broken("link", link.name, "has a name that a restore needs for itself");
    if (auto fits = check_parent("link", link.name); !fits)
      return fits;
    constexpr std::string_view prefix = "pg_data/";
    const auto* target = manifest_.find_target(link.name);
    if (target == nullptr && link.name.starts_with(prefix))
      target = manifest_.find_target(link.name.substr(prefix.size()));
    if (target == nullptr || target->type != format::target_type::link ||
        link_name_of(*target) != link.name)
      return broken("link", link.name, "has no target");
    const auto led = target->is_file_link() ? beside(target->path, target->file) : target->path;
    if (link.destination != led && link.destination != target->file)
      return broken("link", link.name, "leads elsewhere than its target");
    const bool is_file = manifest_.find_file(link.name) != nullptr;
    const bool is_path = manifest_.find_path(link.name) != nullptr;
    if (target->is_tablespace() ? is_file || is_path
                                : is_file != target->is_file_link() || is_path == is_file)
      return broken("link", link.name, "is of another kind than its entry");
    return success();
  }

  const format::manifest& manifest_;
  std::string version_directory_;
  std::string_view known_parent_ = {};
};

} // namespace

std::string tablespace_directory_of(const format::manifest& of) {
  return fmt::format("PG_{}_{}", of.db_version, of.catalog_version);
}

result<void> check_manifest_tree(const format::manifest& of) {
  return checker(of).run();
}

} // namespace pgbraid::plan

// Mapping targets and links of a backup.
// SPDX-License-Identifier: MIT
#include "engine/plan/restore_map.hpp"

#include "engine/base/path.hpp"
#include "engine/plan/manifest_tree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>

namespace pgbraid::plan {

namespace {

constexpr std::string_view data_prefix = "pg_data/";
constexpr std::string_view tablespace_links = "pg_data/pg_tblspc/";

std::string normal_path(std::string_view text) {
  auto path = std::filesystem::path(text).lexically_normal().string();
  while (path.size() > 1 && path.back() == '/')
    path.pop_back();
  return path;
}

bool is_within(std::string_view path, std::string_view directory) {
  return path == directory || directory == "/" ||
         (path.starts_with(directory) && path.size() > directory.size() &&
          path[directory.size()] == '/');
}

std::string_view parent_of(std::string_view name) {
  return name.substr(0, name.rfind('/'));
}

std::string_view last_of(std::string_view name) {
  return name.substr(name.rfind('/') + 1);
}

} // namespace

std::string restore_root::claimed() const {
  return join_path(path, own);
}

const restore_link* restore_mapping::find_link(std::string_view name) const {
  const auto found = std::ranges::lower_bound(links_, name, {}, &restore_link::name);
  return found != links_.end() && found->name == name ? &*found : nullptr;
}

restore_place restore_mapping::locate(std::string_view name) const {
  // Roots are few except for tablespaces, whose names never are prefixes of each other.
  size_t best = 0;
  for (size_t i = 1; i < roots_.size(); ++i)
    if (is_within(name, roots_[i].name) && roots_[i].name.size() > roots_[best].name.size())
      best = i;
  const auto& root = roots_[best];
  if (root.kind == root_kind::link_file)
    return {best, root.own};
  assert(is_within(name, root.name));
  return {best, std::string(name.substr(std::min(name.size(), root.name.size() + 1)))};
}

restore_place restore_mapping::locate_link(std::string_view name) const {
  auto place = locate(parent_of(name));
  place.path += place.path.empty() ? "" : "/";
  place.path += last_of(name);
  return place;
}

std::string restore_mapping::absolute(const restore_place& of) const {
  return join_path(roots_[of.root].path, of.path);
}

/// Builds a mapping step by step.
class mapper {
public:
  mapper(const format::manifest& of, const map_wish& wish) : manifest_(of), wish_(wish) {}

  result<restore_mapping> run() {
    if (auto sane = check_manifest_tree(manifest_); !sane)
      return sane.failure();
    map_data();
    if (auto mapped = map_tablespaces(); !mapped)
      return mapped.failure();
    if (auto mapped = map_links(); !mapped)
      return mapped.failure();
    std::ranges::sort(out_.links_, {}, &restore_link::name);
    if (auto apart = check_overlaps(); !apart)
      return apart.failure();
    return std::move(out_);
  }

private:
  void map_data();
  result<void> map_tablespaces();
  result<std::optional<std::string>> wished_tablespace(const format::manifest_target& target) const;
  result<void> map_links();
  result<void> check_link_wishes() const;
  result<void> map_link(const std::string& name, const std::string& destination, bool to_file,
                        const format::manifest_link* was, bool wished);
  void drop_link(const format::manifest_target& target);
  result<void> check_overlaps() const;
  void note(bool warn, std::string text) { out_.notes_.push_back({warn, std::move(text)}); }

  const format::manifest& manifest_;
  const map_wish& wish_;
  restore_mapping out_;
};

void mapper::map_data() {
  out_.roots_.push_back({.name = "pg_data", .path = normal_path(wish_.pg_path), .wished = true});
  if (normal_path(manifest_.data_target().path) != out_.roots_.front().path)
    note(false, fmt::format("remap data directory to '{}'", out_.roots_.front().path));
}

result<std::optional<std::string>>
mapper::wished_tablespace(const format::manifest_target& target) const {
  const auto by_name = wish_.tablespaces.find(target.tablespace_name);
  const auto by_oid = wish_.tablespaces.find(std::to_string(target.tablespace_id));
  const auto none = wish_.tablespaces.end();
  if (by_name != none && by_oid != none && by_name->second != by_oid->second)
    return error{errc::tablespace_map,
                 fmt::format("tablespace '{}' is remapped by name to '{}' and by oid {} to '{}'",
                             target.tablespace_name, by_name->second, target.tablespace_id,
                             by_oid->second)};
  if (by_name != none)
    return std::optional(by_name->second);
  if (by_oid != none)
    return std::optional(by_oid->second);
  const auto& name = target.tablespace_name;
  const bool is_segment =
      !name.empty() && name != "." && name != ".." && name.find('/') == name.npos;
  if (!wish_.tablespaces_all.empty() && !is_segment)
    return error{errc::tablespace_map,
                 fmt::format("tablespace {} has the name '{}', which is no name for a directory",
                             target.tablespace_id, name),
                 "Map it by its oid with --tablespace-map."};
  if (!wish_.tablespaces_all.empty())
    return std::optional(wish_.tablespaces_all + "/" + target.tablespace_name);
  return std::optional<std::string>();
}

result<void> mapper::map_tablespaces() {
  for (const auto& [key, path] : wish_.tablespaces) {
    const auto known = std::ranges::any_of(manifest_.targets, [&](const auto& target) {
      return target.is_tablespace() &&
             (target.tablespace_name == key || std::to_string(target.tablespace_id) == key);
    });
    if (!known)
      return error{errc::tablespace_map,
                   fmt::format("unable to remap invalid tablespace '{}'", key)};
  }
  for (const auto& target : manifest_.targets) {
    if (!target.is_tablespace())
      continue;
    auto wished = wished_tablespace(target);
    if (!wished)
      return wished.failure();
    const auto path = normal_path(wished->value_or(target.path));
    if (!path.starts_with('/'))
      return error{errc::tablespace_map,
                   fmt::format("location '{}' of tablespace '{}' is not an absolute path", path,
                               target.tablespace_name)};
    if (*wished && path != normal_path(target.path))
      note(false, fmt::format("map tablespace '{}' to '{}'", target.name, path));
    const auto link_name = std::string(data_prefix) + target.name;
    const auto* was = manifest_.find_link(link_name);
    out_.links_.push_back(
        {.name = link_name, .destination = path, .user = was->user, .group = was->group});
    out_.roots_.push_back({.kind = root_kind::tablespace,
                           .name = target.name,
                           .path = path,
                           .own = tablespace_directory_of(manifest_),
                           .wished = wished->has_value()});
  }
  return success();
}

result<void> mapper::check_link_wishes() const {
  for (const auto& [key, destination] : wish_.links) {
    const auto name = std::string(data_prefix) + key;
    if (name.starts_with(tablespace_links) || name + "/" == tablespace_links)
      return error{errc::link_map, fmt::format("unable to map link '{}' of a tablespace", key),
                   "Use tablespace-map for tablespaces."};
    const bool known = manifest_.find_file(name) != nullptr || manifest_.find_path(name) != nullptr;
    if (!known || destination.empty())
      return error{errc::link_map, fmt::format("unable to map invalid link '{}'", key)};
  }
  return success();
}

void mapper::drop_link(const format::manifest_target& target) {
  const auto shown = target.name.substr(data_prefix.size());
  if (target.is_file_link())
    note(true,
         fmt::format("file link '{}' will be restored as a file at the same location", shown));
  else
    note(true,
         fmt::format("contents of directory link '{}' will be restored in a directory at the same "
                     "location",
                     shown));
}

result<void> mapper::map_links() {
  if (auto valid = check_link_wishes(); !valid)
    return valid;
  // By name, so that links inside the destination of a link find their parent mapped.
  std::map<std::string, const format::manifest_target*> names;
  for (const auto& target : manifest_.targets)
    if (target.type == format::target_type::link && !target.is_tablespace())
      names.emplace(target.name, &target);
  for (const auto& [key, destination] : wish_.links)
    names.try_emplace(std::string(data_prefix) + key, nullptr);

  for (const auto& [name, target] : names) {
    const auto wished = wish_.links.find(name.substr(data_prefix.size()));
    const bool to_file =
        target != nullptr ? target->is_file_link() : manifest_.find_file(name) != nullptr;
    if (wished == wish_.links.end() && !wish_.links_all) {
      drop_link(*target);
      continue;
    }
    const auto* was = manifest_.find_link(name);
    const auto destination =
        wished != wish_.links.end() ? wished->second : std::string(was->destination);
    const bool by_user = wished != wish_.links.end();
    if (auto mapped = map_link(name, destination, to_file, was, by_user); !mapped)
      return mapped;
  }
  return success();
}

result<void> mapper::map_link(const std::string& name, const std::string& destination, bool to_file,
                              const format::manifest_link* was, bool wished) {
  const auto shown = name.substr(data_prefix.size());
  if (was == nullptr || was->destination != destination)
    note(false,
         fmt::format("{} '{}' to '{}'", was == nullptr ? "link" : "map link", shown, destination));
  if (to_file && destination.find('/') == std::string::npos)
    return error{errc::link_map,
                 fmt::format("'{}' is not long enough to be the destination for file link '{}'",
                             destination, shown),
                 "The destination of a file link needs a directory."};
  const auto home = out_.absolute(out_.locate(parent_of(name)));
  const auto path =
      normal_path(destination.starts_with('/') ? destination : home + "/" + destination);
  if (path == "/" || (to_file && destination.ends_with('/')))
    return error{errc::link_map,
                 fmt::format("'{}' cannot be the destination of link '{}'", destination, shown)};
  restore_root root{.kind = to_file ? root_kind::link_file : root_kind::link_path,
                    .name = name,
                    .path = path,
                    .own = {},
                    .wished = wished};
  if (to_file) {
    root.own = last_of(path);
    root.path = path.rfind('/') == 0 ? "/" : std::string(parent_of(path));
  }
  out_.roots_.push_back(std::move(root));
  // Without an entry of its own the link belongs to whom PGDATA belongs.
  const auto* data = manifest_.find_path("pg_data");
  out_.links_.push_back({.name = name,
                         .destination = destination,
                         .user = was != nullptr ? was->user : data->user,
                         .group = was != nullptr ? was->group : data->group,
                         .to_file = to_file});
  return success();
}

result<void> mapper::check_overlaps() const {
  const auto control =
      out_.absolute(out_.locate(control_file_name)) + std::string(control_file_suffix);
  for (const auto& a : out_.roots_) {
    if (is_within(a.claimed(), control))
      return error{
          errc::link_destination,
          fmt::format("destination '{}' of '{}' has the name that pg_control has until the "
                      "restore is complete",
                      a.claimed(), a.name)};
    for (const auto& b : out_.roots_) {
      if (&a == &b || !is_within(a.claimed(), b.claimed()))
        continue;
      if (b.kind == root_kind::data)
        return error{errc::link_destination,
                     fmt::format("destination '{}' of '{}' is in the data directory '{}'",
                                 a.claimed(), a.name, b.path)};
      return error{errc::link_destination,
                   fmt::format("'{}' of '{}' is the same directory as, or inside of, '{}' of '{}'",
                               a.claimed(), a.name, b.claimed(), b.name)};
    }
  }
  return success();
}

result<restore_mapping> map_restore(const format::manifest& of, const map_wish& wish) {
  return mapper(of, wish).run();
}

} // namespace pgbraid::plan

// Owners of targets, and the links that lead to them.
// SPDX-License-Identifier: MIT
#include "actors/restore/target_guard.hpp"

#include "engine/base/path.hpp"
#include "engine/base/printable.hpp"
#include "engine/plan/restore_access.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>

namespace pgbraid {

namespace {

using plan::root_kind;

// No cluster has deeper paths; more is a loop of bind mounts.
constexpr size_t max_depth = 64;

class holder_check {
public:
  holder_check(restore_tree& tree, const plan::restore_mapping& where,
               const plan::owner_policy& owners, const root_opener& open)
      : tree_(tree), where_(where), cluster_uid_(owners.cluster_uid()), open_(open) {}

  result<std::vector<std::string>> run() {
    for (size_t root = 1; root < where_.roots().size(); ++root)
      if (auto fits = check(root); !fits)
        return fits.failure();
    return std::move(notes_);
  }

private:
  result<void> check(size_t root) {
    const auto& what = where_.roots()[root];
    auto found = tree_.at(root).info("");
    if (!found)
      return found.failure();
    if (!*found)
      return check_parent(what);
    if ((*found)->kind != entry_kind::path)
      return error{errc::path_open,
                   fmt::format("unable to restore to '{}', which is not a directory", what.path)};
    if (plan::is_ours((*found)->uid, cluster_uid_))
      return check_owned(root);
    if (auto empty = check_empty(root); !empty)
      return empty;
    if ((*found)->uid != cluster_uid_)
      notes_.push_back(
          fmt::format("directory '{}' of '{}' keeps its owner (user id {}) and its mode {:04o}; "
                      "PostgreSQL must be able to use it",
                      what.path, printable(what.name), (*found)->uid, (*found)->mode));
    return success();
  }

  /// The directory is ours; what is restored over must be, too.
  result<void> check_owned(size_t root) {
    const auto& what = where_.roots()[root];
    if (what.own.empty())
      return success();
    auto found = tree_.at(root).info(what.own);
    if (!found)
      return found.failure();
    if (!*found || plan::is_ours((*found)->uid, cluster_uid_))
      return success();
    return not_ours(what, what.claimed(), "which belongs to somebody else");
  }

  result<void> check_empty(size_t root) {
    const auto& what = where_.roots()[root];
    auto entries = tree_.at(root).list("");
    if (!entries)
      return entries.failure();
    if (!*entries)
      return success();
    for (const auto& entry : **entries)
      if (!plan::may_lie_in_target(what.kind, entry.name))
        return not_ours(what, what.path,
                        fmt::format("which has files, such as '{}', and belongs to somebody else",
                                    printable(entry.name)));
    return success();
  }

  /// Where the user named the place it is made where he said.
  result<void> check_parent(const plan::restore_root& what) {
    if (what.wished || what.kind == root_kind::tablespace)
      return success();
    for (std::filesystem::path at = what.path; at.has_relative_path();) {
      at = at.parent_path();
      auto found = open_(at.string())->info("");
      if (!found)
        return found.failure();
      if (!*found)
        continue;
      if (plan::is_ours((*found)->uid, cluster_uid_))
        return success();
      return error{errc::path_open,
                   fmt::format("unable to make '{}' for link '{}' in '{}', which does not belong "
                               "to the cluster's owner",
                               what.path, printable(what.name), at.string()),
                   fmt::format("Only the backup names this place. Make the directory and give it "
                               "to the cluster's owner (user id {}), or name it with --link-map. "
                               "Nothing was changed.",
                               cluster_uid_)};
    }
    return success();
  }

  error not_ours(const plan::restore_root& what, const std::string& path,
                 std::string_view why) const {
    return {errc::path_open,
            fmt::format("unable to restore '{}' to '{}', {}", printable(what.name), path, why),
            fmt::format("A directory that is restored to must be empty or belong to the cluster's "
                        "owner (user id {}). Choose another one with --{}, or give it to him. "
                        "Nothing was changed.",
                        cluster_uid_,
                        what.kind == root_kind::tablespace ? "tablespace-map" : "link-map")};
  }

  restore_tree& tree_;
  const plan::restore_mapping& where_;
  const uint32_t cluster_uid_;
  const root_opener& open_;
  std::vector<std::string> notes_;
};

std::string normal(std::string_view text) {
  auto path = std::filesystem::path(text).lexically_normal().string();
  while (path.size() > 1 && path.back() == '/')
    path.pop_back();
  return path;
}

/// Whether something that could be lost lies below: directories alone are what an interrupted
/// restore leaves.
result<bool> has_files(storage& in, const std::string& path, size_t depth = 0) {
  auto found = in.info(path);
  if (!found || !*found)
    return found ? result<bool>(false) : result<bool>(found.failure());
  if ((*found)->kind != entry_kind::path || depth == max_depth)
    return true;
  auto entries = in.list(path);
  if (!entries || !*entries)
    return entries ? result<bool>(false) : result<bool>(entries.failure());
  for (const auto& entry : **entries) {
    if (entry.info.kind != entry_kind::path)
      return true;
    auto below = has_files(in, join_path(path, entry.name), depth + 1);
    if (!below || *below)
      return below;
  }
  return false;
}

/// Where the link of the present PGDATA leads that the restored one will have there.
result<std::optional<std::string>> present_destination(restore_tree& tree,
                                                       const plan::restore_mapping& where,
                                                       const plan::restore_link& link) {
  const auto place = where.locate_link(link.name);
  auto found = tree.at(place.root).info(place.path);
  if (!found && found.failure().code != errc::link_destination)
    return found.failure();
  if (!found || !*found || (*found)->kind != entry_kind::link)
    return std::optional<std::string>();
  const auto& led = (*found)->link_destination;
  if (led.starts_with('/'))
    return std::optional(normal(led));
  const auto home = where.absolute(place);
  return std::optional(normal(home.substr(0, home.rfind('/')) + "/" + led));
}

} // namespace

result<std::vector<std::string>> check_holders(restore_tree& tree,
                                               const plan::restore_mapping& where,
                                               const plan::owner_policy& owners,
                                               const root_opener& open) {
  if (!owners.is_root())
    return std::vector<std::string>();
  return holder_check(tree, where, owners, open).run();
}

result<std::vector<std::string>> find_foreign_targets(restore_tree& tree,
                                                      const plan::restore_mapping& where) {
  std::vector<std::string> out;
  for (size_t root = 1; root < where.roots().size(); ++root) {
    const auto& what = where.roots()[root];
    const auto name =
        what.kind == root_kind::tablespace ? join_path("pg_data", what.name) : what.name;
    const auto* link = where.find_link(name);
    if (link == nullptr)
      continue;
    auto occupied = has_files(tree.at(root), what.own);
    if (!occupied)
      return occupied.failure();
    if (!*occupied)
      continue;
    auto leads = present_destination(tree, where, *link);
    if (!leads)
      return leads.failure();
    const auto wanted = what.kind == root_kind::link_file ? what.claimed() : what.path;
    if (!*leads || **leads != wanted)
      out.push_back(what.claimed());
  }
  return out;
}

} // namespace pgbraid

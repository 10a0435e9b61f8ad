// Whether a directory that vanished during a backup was the database's to remove.
// SPDX-License-Identifier: MIT
#include "engine/plan/vanished_paths.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace pgbraid::plan {

namespace {

constexpr std::string_view databases_prefix = "pg_data/base/";
constexpr std::string_view tablespaces_prefix = "pg_tblspc/";

/// The number that is the first segment of a path, which is taken off.
std::optional<uint64_t> take_oid(std::string_view& path) {
  uint64_t oid = 0;
  const auto* end = path.data() + path.size();
  const auto [stopped, failed] = std::from_chars(path.data(), end, oid);
  if (failed != std::errc{} || (stopped != end && *stopped != '/'))
    return {};
  path.remove_prefix(static_cast<size_t>(stopped - path.data()));
  if (!path.empty())
    path.remove_prefix(1);
  return oid;
}

const catalog_places::database* find(const catalog_places& in, uint64_t oid) {
  const auto found = std::ranges::find(in.databases, oid, &catalog_places::database::oid);
  return found == in.databases.end() ? nullptr : &*found;
}

bool is_dropped_or_moved(uint64_t database, const catalog_places& before,
                         const catalog_places& now) {
  const auto* there = find(now, database);
  if (there == nullptr)
    return true;
  const auto* was = find(before, database);
  return was != nullptr && was->tablespace != there->tablespace;
}

} // namespace

bool was_dropped(std::string_view path, const catalog_places& before, const catalog_places& now) {
  if (path.starts_with(databases_prefix)) {
    path.remove_prefix(databases_prefix.size());
    const auto database = take_oid(path);
    return database && is_dropped_or_moved(*database, before, now);
  }
  if (!path.starts_with(tablespaces_prefix))
    return false;
  path.remove_prefix(tablespaces_prefix.size());
  const auto tablespace = take_oid(path);
  if (!tablespace)
    return false;
  if (std::ranges::count(now.tablespaces, *tablespace) == 0)
    return true;
  const auto version = path.find('/');
  if (version == path.npos)
    return false;
  path.remove_prefix(version + 1);
  const auto database = take_oid(path);
  return database && is_dropped_or_moved(*database, before, now);
}

} // namespace pgbraid::plan

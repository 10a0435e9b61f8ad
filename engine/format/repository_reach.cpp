// What of a repository belongs to one stanza, and which links there may be.
// SPDX-License-Identifier: MIT
#include "engine/format/repository_reach.hpp"

#include "engine/format/label.hpp"
#include "engine/format/repository_path.hpp"

#include <algorithm>
#include <string>

namespace pgbraid::format {

namespace {

/// Takes the first segment away.
std::string_view take_segment(std::string_view& path) {
  const auto slash = std::min(path.find('/'), path.size());
  const auto first = path.substr(0, slash);
  path.remove_prefix(std::min(slash + 1, path.size()));
  return first;
}

bool is_oid(std::string_view text) {
  return !text.empty() && text.size() <= 10 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

} // namespace

reach reach_of(std::string_view path, std::string_view stanza) {
  const auto top = take_segment(path);
  if (top.empty())
    return reach::above;
  if (top != "archive" && top != "backup")
    return reach::outside;
  const auto name = take_segment(path);
  if (name.empty())
    return reach::above;
  return name == stanza ? reach::inside : reach::outside;
}

bool is_repository_link(std::string_view path, std::string_view destination) {
  const auto top = take_segment(path);
  const auto stanza = take_segment(path);
  if (top != "backup" || stanza.empty())
    return false;
  const auto name = take_segment(path);
  const auto latest = std::string(latest_link);
  if (path.empty())
    return (name == latest || name == latest + std::string(temporary_suffix)) &&
           is_label(destination);
  constexpr std::string_view holder = "pg_data/pg_tblspc/";
  if (!is_label(name) || !path.starts_with(holder))
    return false;
  const auto oid = path.substr(holder.size());
  return is_oid(oid) && destination == "../../pg_tblspc/" + std::string(oid);
}

bool is_info_path(std::string_view path) {
  const auto top = take_segment(path);
  const auto stanza = take_segment(path);
  if (path.ends_with(copy_suffix))
    path.remove_suffix(copy_suffix.size());
  return !stanza.empty() && ((top == "archive" && path == archive_info_name) ||
                             (top == "backup" && path == backup_info_name));
}

} // namespace pgbraid::format

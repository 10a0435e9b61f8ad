// Paths of users, taken apart.
// SPDX-License-Identifier: MIT
#include "engine/format/repository_file.hpp"

#include "engine/base/path.hpp"
#include "engine/base/printable.hpp"
#include "engine/format/label.hpp"
#include "engine/format/repository_path.hpp"
#include "engine/format/repository_reach.hpp"

#include <optional>

namespace pgbraid::format {

namespace {

/// The first segment, which is cut off.
std::string_view take_segment(std::string_view& path) {
  const auto end = path.find('/');
  const auto first = path.substr(0, end);
  path = end == std::string_view::npos ? std::string_view() : path.substr(end + 1);
  return first;
}

error refused(std::string_view text, std::string_view why) {
  return {errc::param_invalid,
          std::string("path '") + printable_line(text) + "' " + std::string(why)};
}

/// What is behind the root; empty optional: it is not in there.
std::optional<std::string_view> within(std::string_view text, std::string_view root) {
  while (root.ends_with('/'))
    root.remove_suffix(1);
  if (!text.starts_with(root))
    return {};
  text.remove_prefix(root.size());
  if (!text.empty() && !text.starts_with('/'))
    return {};
  return text.empty() ? text : text.substr(1);
}

} // namespace

result<std::string> typed_path(std::string_view text, std::string_view root) {
  if (text.find("//") != std::string_view::npos)
    return refused(text, "cannot contain //");
  auto rest = text;
  if (text.starts_with('/')) {
    const auto inside = within(text, root);
    if (!inside)
      return error{errc::param_invalid, "absolute path '" + printable_line(text) +
                                            "' is not in base path '" + printable_line(root) + "'"};
    rest = *inside;
  }
  std::string out;
  while (!rest.empty()) {
    const auto segment = take_segment(rest);
    if (segment == "..")
      return refused(text, "leads out of the directory that it begins in");
    if (segment != "." && !segment.empty())
      out = join_path(out, segment);
  }
  return out;
}

file_place place_of(std::string_view path) {
  auto rest = path;
  const auto tree = take_segment(rest);
  const bool is_archive = tree == "archive";
  if ((!is_archive && tree != "backup") || rest.find('/') == std::string_view::npos)
    return {};
  file_place out{.stanza = take_segment(rest)};
  if (is_info_path(path)) {
    out.pass = opened_by::repository;
    return out;
  }
  if (is_archive) {
    out.pass = opened_by::archive;
    return out;
  }
  const auto next = take_segment(rest);
  if (next == history_directory) {
    out.pass = opened_by::backups;
  } else if (is_label(next) && !rest.empty()) {
    out.label = next;
    const bool is_manifest =
        rest == manifest_name ||
        (rest.starts_with(manifest_name) && rest.substr(manifest_name.size()) == copy_suffix);
    out.pass = is_manifest ? opened_by::backups : opened_by::manifest;
  }
  return out;
}

} // namespace pgbraid::format

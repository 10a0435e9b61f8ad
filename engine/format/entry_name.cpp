// Which names the entries of a manifest may have.
// SPDX-License-Identifier: MIT
#include "engine/format/entry_name.hpp"

#include "engine/format/info_value.hpp"

#include <string>

namespace pgbraid::format {

namespace {

constexpr size_t segment_limit = 255;
constexpr size_t name_limit = 4096;
constexpr std::string_view digits = "0123456789";

bool is_number(std::string_view text) {
  return !text.empty() && text.size() <= 10 && text.find_first_not_of(digits) == text.npos;
}

bool has_sound_segments(std::string_view name) {
  while (true) {
    const auto end = name.find('/');
    const auto segment = name.substr(0, end);
    if (segment.empty() || segment == "." || segment == ".." || segment.size() > segment_limit)
      return false;
    if (end == name.npos)
      return true;
    name.remove_prefix(end + 1);
  }
}

/// Whether the name lies where entries of its kind may lie; its segments are sound.
bool is_placed(std::string_view name, entry_place place) {
  constexpr std::string_view data = "pg_data";
  constexpr std::string_view tablespaces = "pg_tblspc";
  const auto end = name.find('/');
  const auto first = name.substr(0, end);
  const bool deeper = end != name.npos;
  if (first == data)
    return deeper || place == entry_place::path;
  if (first != tablespaces || place == entry_place::link)
    return false;
  if (!deeper)
    return place == entry_place::path;
  const auto rest = name.substr(end + 1);
  const auto oid_end = rest.find('/');
  return is_number(rest.substr(0, oid_end)) && (oid_end != rest.npos || place == entry_place::path);
}

} // namespace

bool is_line_key(std::string_view key) {
  return !key.empty() && key.find('\0') == key.npos && key.find('\n') == key.npos;
}

bool is_entry_name(std::string_view name, entry_place place) {
  return is_line_key(name) && name.size() <= name_limit && has_sound_segments(name) &&
         is_placed(name, place);
}

result<void> check_entry_name(std::string_view name, entry_place place) {
  if (is_entry_name(name, place))
    return success();
  return error{errc::format, "entry '" + printable(name) + "' is not a name a backup may hold",
               "The manifest was damaged or made to write outside of the restored cluster."};
}

bool is_version(std::string_view text) {
  const auto dot = text.find('.');
  const auto major = text.substr(0, dot);
  return is_number(major) && major.size() <= 3 &&
         (dot == text.npos || (is_number(text.substr(dot + 1)) && text.size() - dot <= 4));
}

} // namespace pgbraid::format

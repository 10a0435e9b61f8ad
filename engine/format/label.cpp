// Backup labels: how they are made, read and ordered.
// SPDX-License-Identifier: MIT
#include "engine/format/label.hpp"

#include <algorithm>
#include <cassert>
#include <ctime>

namespace pgbraid::format {

namespace {

constexpr size_t time_length = 15; // YYYYMMDD-HHMMSS
constexpr size_t full_length = time_length + 1;

bool is_time(std::string_view text) {
  if (text.size() != time_length)
    return false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (i == 8 ? text[i] != '-' : text[i] < '0' || text[i] > '9')
      return false;
  }
  return true;
}

bool is_full(std::string_view text) {
  return text.size() == full_length && text.back() == 'F' && is_time(text.substr(0, time_length));
}

} // namespace

std::string_view backup_type_name(backup_type type) {
  switch (type) {
  case backup_type::full:
    return "full";
  case backup_type::diff:
    return "diff";
  case backup_type::incr:
    return "incr";
  }
  return {};
}

std::optional<backup_type> parse_backup_type(std::string_view name) {
  for (auto type : {backup_type::full, backup_type::diff, backup_type::incr}) {
    if (backup_type_name(type) == name)
      return type;
  }
  return {};
}

bool is_label(std::string_view text) {
  if (!is_full(text.substr(0, full_length)))
    return false;
  if (text.size() == full_length)
    return true;
  const char type = text.back();
  return text.size() == 2 * full_length + 1 && text[full_length] == '_' &&
         (type == 'D' || type == 'I') && is_time(text.substr(full_length + 1, time_length));
}

backup_type type_of_label(std::string_view label) {
  assert(is_label(label));
  switch (label.back()) {
  case 'D':
    return backup_type::diff;
  case 'I':
    return backup_type::incr;
  default:
    return backup_type::full;
  }
}

std::string_view full_of_label(std::string_view label) {
  assert(is_label(label));
  return label.substr(0, full_length);
}

std::string make_label(backup_type type, int64_t start_s, std::string_view full) {
  const auto at = static_cast<time_t>(start_s);
  tm local{};
  localtime_r(&at, &local);
  char text[32];
  const size_t length = strftime(text, sizeof text, "%Y%m%d-%H%M%S", &local);
  const std::string time(text, length);
  if (type == backup_type::full)
    return time + "F";
  assert(is_full(full));
  return std::string(full) + "_" + time + (type == backup_type::diff ? "D" : "I");
}

result<new_label> choose_label(backup_type type, int64_t start_s, std::string_view full,
                               std::span<const std::string> existing) {
  const std::string* newest = nullptr;
  for (const auto& label : existing) {
    const bool counts = type == backup_type::full || label.starts_with(std::string(full) + "_");
    if (counts && (newest == nullptr || *newest < label))
      newest = &label;
  }
  for (const bool second_added : {false, true}) {
    auto label = make_label(type, start_s + (second_added ? 1 : 0), full);
    if (newest == nullptr || label > *newest)
      return new_label{std::move(label), second_added};
  }
  return error{errc::clock,
               "new backup label '" + make_label(type, start_s + 1, full) +
                   "' would not be later than the newest label '" + *newest + "'",
               "Has the clock of this host or its time zone changed?\n"
               "Is another host with a different time zone making backups of this stanza?"};
}

} // namespace pgbraid::format

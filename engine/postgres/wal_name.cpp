// Reading and making names of WAL files.
// SPDX-License-Identifier: MIT
#include "engine/postgres/wal_name.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <charconv>
#include <optional>

namespace pgbraid::postgres {

namespace {

constexpr size_t segment_name_length = 24;
constexpr uint64_t log_bytes = uint64_t{1} << 32;

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'); });
}

uint32_t hex_number(std::string_view text) {
  uint32_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number, 16);
  return number;
}

std::optional<uint32_t> lsn_half(std::string_view text) {
  uint32_t number = 0;
  const auto* end = text.data() + text.size();
  const auto [stopped, failed] = std::from_chars(text.data(), end, number, 16);
  if (failed != std::errc{} || stopped != end || text.empty())
    return {};
  return number;
}

/// How many segments lie before this one, on any timeline.
uint64_t segment_number(std::string_view name, uint32_t segment_bytes) {
  return hex_number(name.substr(8, 8)) * (log_bytes / segment_bytes) +
         hex_number(name.substr(16, 8));
}

std::string name_of_number(uint32_t timeline, uint64_t number, uint32_t segment_bytes) {
  const auto per_log = log_bytes / segment_bytes;
  return fmt::format("{:08X}{:08X}{:08X}", timeline, number / per_log, number % per_log);
}

} // namespace

result<lsn> parse_lsn(std::string_view text) {
  const auto slash = text.find('/');
  if (slash != text.npos) {
    const auto high = lsn_half(text.substr(0, slash));
    const auto low = lsn_half(text.substr(slash + 1));
    if (high && low)
      return lsn{*high} << 32 | *low;
  }
  return error{errc::format, "'" + std::string(text) + "' is not a location in the WAL"};
}

std::string format_lsn(lsn location) {
  return fmt::format("{:X}/{:X}", location >> 32, location & 0xFFFFFFFF);
}

bool is_segment_name(std::string_view name) {
  return name.size() == segment_name_length && is_hex(name);
}

bool is_wal_directory_name(std::string_view name) {
  return name.size() == 16 && is_hex(name);
}

bool is_segment_or_partial_name(std::string_view name) {
  constexpr std::string_view partial = ".partial";
  if (name.ends_with(partial))
    name.remove_suffix(partial.size());
  return is_segment_name(name);
}

bool is_history_name(std::string_view name) {
  return name.size() == 16 && is_hex(name.substr(0, 8)) && name.ends_with(".history");
}

bool is_backup_history_name(std::string_view name) {
  return name.size() == 40 && is_segment_name(name.substr(0, 24)) && name[24] == '.' &&
         is_hex(name.substr(25, 8)) && name.ends_with(".backup");
}

bool is_archived_name(std::string_view name) {
  return is_segment_or_partial_name(name) || is_history_name(name) || is_backup_history_name(name);
}

uint32_t timeline_of(std::string_view name) {
  assert(name.size() >= 8 && is_hex(name.substr(0, 8)));
  return hex_number(name.substr(0, 8));
}

std::string segment_name(uint32_t timeline, lsn location, uint32_t segment_bytes) {
  return name_of_number(timeline, location / segment_bytes, segment_bytes);
}

result<lsn> segment_start(std::string_view name, uint32_t segment_bytes) {
  if (!is_segment_name(name))
    return error{errc::format, "'" + std::string(name) + "' is not the name of a WAL segment"};
  return segment_number(name, segment_bytes) * segment_bytes;
}

std::string next_segment(std::string_view name, uint32_t segment_bytes) {
  assert(is_segment_name(name));
  return name_of_number(timeline_of(name), segment_number(name, segment_bytes) + 1, segment_bytes);
}

std::string prior_segment(std::string_view name, uint32_t segment_bytes) {
  assert(is_segment_name(name));
  const auto number = segment_number(name, segment_bytes);
  return number == 0 ? std::string(name)
                     : name_of_number(timeline_of(name), number - 1, segment_bytes);
}

std::vector<std::string> segments_between(uint32_t timeline, lsn begin, lsn end,
                                          uint32_t segment_bytes, size_t limit) {
  std::vector<std::string> names;
  if (end < begin)
    return names;
  const auto first = begin / segment_bytes;
  const auto last = end > begin ? (end - 1) / segment_bytes : first;
  if (last - first >= limit)
    return names;
  for (auto number = first; number <= last; ++number)
    names.push_back(name_of_number(timeline, number, segment_bytes));
  return names;
}

} // namespace pgbraid::postgres

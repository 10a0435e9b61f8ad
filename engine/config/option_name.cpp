// From a name as users write it to a row of the option table and a key.
// SPDX-License-Identifier: MIT
#include "engine/config/option_name.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace pgbraid::config {

namespace {

constexpr unsigned key_limit = 256;
/// A key too large to hold; as wrong as any other above the limit.
constexpr unsigned key_overflow = 1'000'000'000;

/// What may stand before a key: the groups, and the groups of older releases.
constexpr std::array<std::string_view, 4> key_words = {"pg", "repo", "db", "backup"};

struct spelled {
  std::string_view written; ///< without no- and reset-
  keyed_name parts;
  bool has_key = false;
};

error bad_key(const spelled& name) {
  return {errc::option_invalid,
          fmt::format("option '{}' key must be between 1 and {}", name.written, key_limit)};
}

error needs_index(std::string_view written, std::string_view what, const option_row& row,
                  std::string_view old) {
  const auto group = group_name(row.group);
  const auto rest = [&](std::string_view name) { return name.substr(name.find('-') + 1); };
  const auto own = fmt::format("{}1-{}", group, rest(row.name));
  const auto first =
      old.empty() ? own : fmt::format("{}1-{}", old.substr(0, old.find('-')), rest(old));
  auto hint = fmt::format("add the required index, e.g. {}.", first);
  if (!old.empty())
    hint += fmt::format("\nconsider using the non-deprecated name, e.g. {}.", own);
  return {errc::option_invalid, fmt::format("{} '{}' requires an index", what, written),
          std::move(hint)};
}

result<option_ref> current(const spelled& name, size_t row) {
  const auto& found = options_table[row];
  if (found.group == option_group::none && name.has_key)
    return error{errc::option_invalid,
                 fmt::format("option '{}' cannot have an index", name.written)};
  if (found.group != option_group::none && !name.has_key)
    return needs_index(name.written, "option", found, "");
  if (name.has_key && (name.parts.key < 1 || name.parts.key > key_limit))
    return bad_key(name);
  return option_ref{static_cast<uint16_t>(row), name.parts.key};
}

result<option_ref> older(const spelled& name, const deprecated_name& old) {
  const auto row = find_option(old.option);
  if (name.has_key && !old.indexed)
    return error{errc::option_invalid,
                 fmt::format("deprecated option '{}' cannot have an index", name.written)};
  if (!name.has_key && !old.unindexed)
    return needs_index(name.written, "deprecated option", options_table[row], old.name);
  if (name.has_key && (name.parts.key < 1 || name.parts.key > key_limit))
    return bad_key(name);
  const bool grouped = options_table[row].group != option_group::none;
  return option_ref{static_cast<uint16_t>(row),
                    name.has_key ? name.parts.key : (grouped ? 1U : 0U)};
}

/// The only row for which `matches` is true; empty when there is none or more than one.
template <class Table, class Matches>
std::optional<size_t> unique_row(const Table& table, const Matches& matches) {
  const auto first = std::find_if(table.begin(), table.end(), matches);
  if (first == table.end() || std::find_if(first + 1, table.end(), matches) != table.end())
    return std::nullopt;
  return static_cast<size_t>(first - table.begin());
}

struct match {
  std::optional<size_t> row = {};
  std::optional<size_t> deprecated = {};
};

match find_exact(const spelled& name) {
  const auto same = [&](const auto& row) { return row.name == name.parts.base; };
  const auto old = unique_row(deprecated_table, same);
  const auto row = find_option(name.parts.base);
  if (row == options_table.size())
    return {.deprecated = old};
  // Some old names equal the new ones but for the index.
  const bool grouped = options_table[row].group != option_group::none;
  if (grouped && !name.has_key && old)
    return {.deprecated = old};
  return {.row = row};
}

match find_prefix(const spelled& name) {
  const auto begins = [&](const auto& row) { return row.name.starts_with(name.parts.base); };
  if (const auto row = unique_row(options_table, [&](const option_row& one) {
        return (one.group != option_group::none) == name.has_key && begins(one);
      }))
    return {.row = row};
  return {.deprecated = unique_row(deprecated_table, [&](const deprecated_name& one) {
            return (name.has_key ? one.indexed : one.unindexed) && begins(one);
          })};
}

} // namespace

std::string shown_name(option_ref ref) {
  const auto& row = ref.table_row();
  if (row.group == option_group::none || ref.key == 0)
    return std::string(row.name);
  const auto group = group_name(row.group);
  return fmt::format("{}{}{}", group, ref.key, row.name.substr(group.size()));
}

keyed_name split_key(std::string_view name) {
  for (const auto word : key_words) {
    if (!name.starts_with(word))
      continue;
    const auto rest = name.substr(word.size());
    const auto dash = std::min(rest.find_first_not_of("0123456789"), rest.size());
    if (dash == 0 || dash == rest.size() || rest[dash] != '-')
      continue;
    unsigned key = 0;
    const auto [end, problem] = std::from_chars(rest.data(), rest.data() + dash, key);
    if (problem != std::errc{})
      key = key_overflow;
    return {fmt::format("{}{}", word, rest.substr(dash)), key};
  }
  return {std::string(name), 0};
}

result<std::optional<found_name>> find_name(std::string_view name, bool prefixes) {
  found_name out;
  if (name.starts_with("no-")) {
    out.form = name_form::negate;
    name.remove_prefix(3);
  } else if (name.starts_with("reset-")) {
    out.form = name_form::reset;
    name.remove_prefix(6);
  }
  spelled written{name, split_key(name), false};
  written.has_key = written.parts.base != name;

  auto found = find_exact(written);
  if (prefixes && !found.row && !found.deprecated && !name.empty())
    found = find_prefix(written);
  if (!found.row && !found.deprecated)
    return std::optional<found_name>{};
  out.deprecated = !found.row;
  auto ref = found.row ? current(written, *found.row)
                       : older(written, deprecated_table[*found.deprecated]);
  if (!ref)
    return ref.failure();
  out.ref = *ref;
  return std::optional(out);
}

} // namespace pgbraid::config

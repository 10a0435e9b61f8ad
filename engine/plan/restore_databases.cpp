// Choosing databases.
// SPDX-License-Identifier: MIT
#include "engine/plan/restore_databases.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

namespace pgbraid::plan {

namespace {

constexpr uint64_t first_user_oid = 16384;
constexpr auto system_names =
    std::to_array<std::string_view>({"postgres", "template0", "template1"});
constexpr std::string_view version_file = "PG_VERSION";
// More would hide the message.
constexpr size_t max_listed = 20;

/// An oid as PostgreSQL writes it: digits without a zero before them.
std::optional<uint64_t> oid_of(std::string_view text) {
  uint32_t oid = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), oid);
  if (failure != std::errc() || end != text.data() + text.size() || oid == 0 || text[0] == '0')
    return {};
  return oid;
}

/// Takes what is before the next slash off the front.
std::string_view next_part(std::string_view& path) {
  const auto slash = std::min(path.find('/'), path.size());
  const auto part = path.substr(0, slash);
  path.remove_prefix(std::min(slash + 1, path.size()));
  return part;
}

/// A file in a database's directory.
struct database_file {
  uint64_t oid = 0;
  std::string_view path; ///< in that directory
};

std::optional<database_file> in_database(std::string_view name) {
  const auto target = next_part(name);
  if (target == "pg_data") {
    if (next_part(name) != "base")
      return {};
  } else {
    next_part(name); // the oid of the tablespace
    if (target != "pg_tblspc" || !next_part(name).starts_with("PG_"))
      return {};
  }
  const auto oid = oid_of(next_part(name));
  if (!oid || name.empty())
    return {};
  return database_file{*oid, name};
}

/// All databases of a backup, by oid; the name is empty when the catalog list lacks it.
using database_names = std::map<uint64_t, std::string>;

database_names databases_of(const format::manifest& of) {
  database_names out;
  for (const auto& one : of.databases)
    out[one.oid] = one.name;
  for (const auto& file : of.files)
    if (const auto found = in_database(file.name); found && found->path == version_file)
      out.try_emplace(found->oid);
  return out;
}

std::string shown(const database_names::value_type& one) {
  return one.second.empty() ? fmt::format("{}", one.first)
                            : fmt::format("{} ({})", one.second, one.first);
}

std::string list_of(const database_names& all) {
  std::string out;
  size_t count = 0;
  for (const auto& one : all) {
    if (++count > max_listed)
      return out + ", and others";
    out += (out.empty() ? "" : ", ") + shown(one);
  }
  return out;
}

bool is_system(const database_names::value_type& one) {
  return one.first < first_user_oid ||
         std::ranges::find(system_names, one.second) != system_names.end();
}

result<uint64_t> find_database(const database_names& all, const std::string& wanted,
                               std::string_view option) {
  const auto named = std::ranges::find(all, wanted, &database_names::value_type::second);
  const auto oid = oid_of(wanted);
  const bool numbered = oid && all.contains(*oid);
  if (named != all.end() && numbered && named->first != *oid)
    return error{
        errc::db_invalid,
        fmt::format("database '{}' to {} is the oid of one database and the name of another",
                    wanted, option),
        fmt::format("The one of that name has oid {}.", named->first)};
  if (named != all.end())
    return named->first;
  if (numbered)
    return *oid;
  return error{errc::db_missing, fmt::format("database to {} '{}' does not exist", option, wanted),
               "The backup has: " + list_of(all) + "."};
}

result<std::set<uint64_t>> find_all(const database_names& all,
                                    const std::vector<std::string>& wanted,
                                    std::string_view option) {
  std::set<uint64_t> out;
  for (const auto& one : wanted) {
    auto oid = find_database(all, one, option);
    if (!oid)
      return oid.failure();
    out.insert(*oid);
  }
  return out;
}

result<void> check_included(const database_names& all, const std::set<uint64_t>& include,
                            const std::set<uint64_t>& exclude) {
  for (const auto oid : include) {
    const auto& one = *all.find(oid);
    if (exclude.contains(oid))
      return error{errc::db_invalid,
                   fmt::format("database to include '{}' is excluded", shown(one))};
    if (is_system(one))
      return error{errc::db_invalid,
                   "system databases (template0, postgres, etc.) are included by default",
                   fmt::format("Leave out --db-include for '{}'.", shown(one))};
  }
  return success();
}

} // namespace

std::optional<uint64_t> database_of(std::string_view file_name) {
  const auto found = in_database(file_name);
  return found ? std::optional(found->oid) : std::nullopt;
}

bool zeroed_databases::holds(std::string_view name) const {
  if (oids_.empty())
    return false;
  const auto found = in_database(name);
  return found && found->path != version_file && oids_.contains(found->oid);
}

result<database_choice> choose_databases(const format::manifest& of, const database_wish& wish) {
  if (!wish.any())
    return database_choice{};
  const auto all = databases_of(of);
  if (all.empty())
    return error{errc::format, "no databases found for selective restore",
                 "Is this a backup of a cluster?"};
  const auto exclude = find_all(all, wish.exclude, "exclude");
  if (!exclude)
    return exclude.failure();
  const auto include = find_all(all, wish.include, "include");
  if (!include)
    return include.failure();
  if (auto fine = check_included(all, *include, *exclude); !fine)
    return fine.failure();
  std::set<uint64_t> zeroed = *exclude;
  if (!wish.include.empty())
    for (const auto& one : all)
      if (!is_system(one) && !include->contains(one.first))
        zeroed.insert(one.first);
  database_choice out;
  out.notes.push_back("databases found for selective restore: " + list_of(all));
  database_names named;
  for (const auto oid : zeroed)
    named.insert(*all.find(oid));
  out.notes.push_back(zeroed.empty() ? "nothing to filter: all databases are restored"
                                     : "databases restored as zeroed files, to be dropped after "
                                       "recovery: " +
                                           list_of(named));
  out.zeroed = zeroed_databases(std::move(zeroed));
  return out;
}

} // namespace pgbraid::plan

// What `info` knows of a stanza in all its repositories.
// SPDX-License-Identifier: MIT
#include "engine/report/info_stanza.hpp"

#include "engine/format/manifest.hpp"

#include <algorithm>

namespace pgbraid::report {

std::string_view info_message(info_code code) {
  switch (code) {
  case info_code::ok:
    return "ok";
  case info_code::missing_stanza_path:
    return "missing stanza path";
  case info_code::no_valid_backups:
    return "no valid backups";
  case info_code::missing_stanza_data:
    return "missing stanza data";
  case info_code::different:
    return "different across repos";
  case info_code::database_mismatch:
    return "database mismatch across repos";
  case info_code::backup_not_found:
    return "requested backup not found";
  case info_code::other:
    break;
  }
  return "other";
}

void set_failure(info_repository& of, const error& why) {
  of.code = info_code::other;
  of.message = "[" + std::string(error_name(why.code)) + "] " + why.text();
  of.info.reset();
  of.wal.clear();
  of.detail.reset();
}

namespace {

/// Where the link of a target leads; the root of all has its slash already.
std::string destination_of(const format::manifest_target& target) {
  if (!target.is_file_link())
    return target.path;
  return target.path + (target.path.ends_with('/') ? "" : "/") + target.file;
}

} // namespace

info_detail detail_of(const format::manifest& of) {
  constexpr std::string_view data_prefix = "pg_data/";
  const auto within_data = [&](std::string_view name) {
    if (name.starts_with(data_prefix))
      name.remove_prefix(data_prefix.size());
    return std::string(name);
  };
  info_detail detail;
  for (const auto& database : of.databases) {
    if (!database.name.starts_with("template"))
      detail.databases.push_back({database.name, database.oid});
  }
  for (const auto& target : of.targets) {
    if (target.is_tablespace())
      detail.tablespaces.push_back({target.tablespace_name, target.tablespace_id, target.path});
    else if (target.type == format::target_type::link)
      detail.links.push_back({within_data(target.name), 0, destination_of(target)});
  }
  for (const auto& file : of.files) {
    if (file.pages == format::page_check::broken)
      detail.damaged_files.push_back(within_data(file.name));
  }
  return detail;
}

uint64_t info_lock::size_bytes() const {
  uint64_t sum = 0;
  for (const auto& one : repositories)
    sum += one.size_bytes;
  return sum;
}

uint64_t info_lock::complete_bytes() const {
  uint64_t sum = 0;
  for (const auto& one : repositories)
    sum += one.complete_bytes;
  return sum;
}

bool info_stanza::any_is_behind() const {
  return std::ranges::any_of(archived, [](const auto& one) {
    return one.lag && (!one.lag->segments || *one.lag->segments > 1);
  });
}

info_code info_stanza::code() const {
  const format::backup_history* first = nullptr;
  bool different = false;
  for (const auto& repo : repositories) {
    different |= repo.code != repositories.front().code;
    if (!repo.info)
      continue;
    const auto& current = repo.info->current();
    if (first == nullptr)
      first = &current;
    if (first->system_id != current.system_id || first->version != current.version)
      return info_code::database_mismatch;
  }
  if (different)
    return info_code::different;
  return repositories.empty() ? info_code::ok : repositories.front().code;
}

std::vector<info_stanza::listed> info_stanza::backups() const {
  std::vector<listed> all;
  for (const auto& repo : repositories) {
    if (!repo.info)
      continue;
    for (const auto& summary : repo.info->backups)
      all.push_back({&repo, &summary});
  }
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return a.backup->stop_s < b.backup->stop_s;
  });
  return all;
}

} // namespace pgbraid::report

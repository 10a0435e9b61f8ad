// info: what backups and WAL the repositories hold.
// Source: shared/spec/commands.md, section 8.
// SPDX-License-Identifier: MIT
#include "cli/command/commands.hpp"
#include "cli/command/session.hpp"
#include "cli/command/side_by_side.hpp"
#include "engine/base/log.hpp"
#include "engine/base/printable.hpp"
#include "engine/format/lock_content.hpp"
#include "engine/report/info_stanza.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pgbraid::cli {

namespace {

using report::info_code;

/// What the user wants to see.
struct question {
  std::optional<std::string> stanza = {};
  std::optional<std::string> label = {};
  std::optional<format::backup_type> type = {};
};

question question_of(const config::options& opts) {
  question asked;
  if (opts.has_value("stanza"))
    asked.stanza = opts.text("stanza");
  if (opts.has_value("set"))
    asked.label = opts.text("set");
  if (opts.has_value("type"))
    asked.type = format::parse_backup_type(opts.text("type"));
  return asked;
}

/// WAL of each archive id; prior ids only where there is some.
result<std::vector<report::info_wal>> read_wal(repository& repo) {
  auto info = repo.load_archive_info();
  if (!info)
    return info.failure();
  std::vector<report::info_wal> all;
  for (const auto& cluster : info->history) {
    report::info_wal wal{.archive_id = archive_id(cluster), .history_id = cluster.id};
    auto range = repo.wal_range(wal.archive_id);
    if (!range)
      return range.failure();
    if (*range) {
      wal.min = (*range)->min;
      wal.max = (*range)->max;
    }
    if (wal.min || cluster.id == info->current_id)
      all.push_back(std::move(wal));
  }
  return all;
}

/// Reduces the backups to those that are to be shown.
void select(format::backup_info& info, const question& asked) {
  std::erase_if(info.backups, [&](const auto& backup) {
    return (asked.label && backup.label != *asked.label) ||
           (asked.type && backup.type != *asked.type);
  });
}

result<void> read_data(repository& repo, const question& asked, report::info_repository& to) {
  auto has_info = repo.has_backup_info();
  if (!has_info)
    return has_info.failure();
  if (!*has_info) {
    to.code = info_code::missing_stanza_data;
    return success();
  }
  auto info = repo.load_backup_info();
  if (!info)
    return info.failure();
  if (asked.label && info->find(*asked.label) == nullptr) {
    to.code = info_code::backup_not_found;
    return success();
  }
  auto wal = read_wal(repo);
  if (!wal)
    return wal.failure();
  if (info->backups.empty())
    to.code = info_code::no_valid_backups;
  if (asked.label) {
    auto manifest = repo.load_manifest(*asked.label, info->cipher_pass);
    if (!manifest)
      return manifest.failure();
    to.detail = report::detail_of(*manifest);
  }
  select(*info, asked);
  to.info = std::move(*info);
  to.wal = std::move(*wal);
  return success();
}

report::info_repository read_repository(const config::options& opts, size_t position,
                                        const std::string& stanza, const question& asked) {
  report::info_repository to{.key = opts.repo_key(position)};
  auto opened = open_repository_at(opts, position, stanza);
  if (!opened) {
    report::set_failure(to, opened.failure());
    return to;
  }
  to.cipher = opened->stanza->cipher();
  auto path = opened->files->list("backup/" + stanza);
  if (!path) {
    report::set_failure(to, path.failure());
  } else if (!*path) {
    to.code = info_code::missing_stanza_path;
  } else if (auto read = read_data(*opened->stanza, asked, to); !read) {
    report::set_failure(to, read.failure());
  }
  return to;
}

/// A lock file that cannot be read tells nothing, which is no reason to show nothing.
report::info_lock read_lock(const config::options& opts, const std::vector<size_t>& positions,
                            const std::string& stanza, std::string_view type) {
  report::info_lock lock;
  for (const auto position : positions) {
    const auto key = opts.repo_key(position);
    const auto holder = io::lock_holder(opts.text("lock-path"), stanza, type, key);
    if (!holder || !*holder)
      continue;
    lock.held = true;
    const auto content = format::parse_lock_content(**holder);
    if (content && content->size_bytes)
      lock.repositories.push_back(
          {key, *content->size_bytes, content->size_complete_bytes.value_or(0)});
  }
  return lock;
}

/// The names of all stanzas, and the repositories that could not tell theirs, by position.
struct stanza_names {
  std::set<std::string> names = {};
  std::map<size_t, report::info_repository> silent = {};
};

using repositories = std::vector<report::info_repository>;

report::info_repository failed_repository(unsigned key, const error& why) {
  report::info_repository out{.key = key};
  report::set_failure(out, why);
  return out;
}

result<std::set<std::string>> list_stanzas(const config::options& opts, size_t position) {
  auto opened = open_repository_at(opts, position, {});
  if (!opened)
    return opened.failure();
  auto listed = opened->files->list("backup");
  if (!listed)
    return listed.failure();
  std::set<std::string> names;
  for (const auto& entry : listed->value_or(std::vector<pgbraid::entry>())) {
    if (entry.info.kind == entry_kind::path)
      names.insert(entry.name);
  }
  return names;
}

stanza_names find_stanzas(const config::options& opts, const std::vector<size_t>& positions) {
  stanza_names found;
  for (auto& one : ask_repositories<std::set<std::string>>(opts, positions, list_stanzas)) {
    if (one.said)
      found.names.merge(*one.said);
    else
      found.silent.emplace(one.position, failed_repository(one.key, one.said.failure()));
  }
  return found;
}

/// What a repository tells of each stanza. One that could not even name its own is not asked again.
result<repositories> read_stanzas(const config::options& opts, size_t position,
                                  const stanza_names& of, const question& asked) {
  repositories out;
  const auto silent = of.silent.find(position);
  for (const auto& name : of.names)
    out.push_back(silent == of.silent.end() ? read_repository(opts, position, name, asked)
                                            : silent->second);
  return out;
}

/// Beside the standard output, which others read.
void warn_of(const std::vector<report::info_repository>& all) {
  if (all.size() < 2 || !log::enabled(log::level::warn))
    return;
  for (const auto& one : all) {
    if (one.code == info_code::other)
      fmt::print(stderr, "WARN: repo{}: {}\n", one.key, printable(one.message));
  }
}

std::vector<report::info_stanza> collect(const config::options& opts) {
  const auto asked = question_of(opts);
  const auto positions = repository_positions(opts);
  stanza_names found;
  if (asked.stanza)
    found.names.insert(*asked.stanza);
  else
    found = find_stanzas(opts, positions);
  auto told = ask_repositories<repositories>(
      opts, positions, [found, asked](const config::options& of, size_t position) {
        return read_stanzas(of, position, found, asked);
      });
  std::vector<report::info_stanza> stanzas;
  for (const auto& name : found.names) {
    auto& stanza = stanzas.emplace_back(report::info_stanza{.name = name, .repositories = {}});
    for (auto& one : told)
      stanza.repositories.push_back(one.said ? std::move((*one.said)[stanzas.size() - 1])
                                             : failed_repository(one.key, one.said.failure()));
    stanza.backup = read_lock(opts, positions, name, "backup");
    stanza.restore = read_lock(opts, positions, name, "restore");
  }
  if (stanzas.empty() && !found.silent.empty()) {
    stanzas.push_back({.name = "[invalid]", .repositories = {}});
    for (auto& [position, one] : found.silent)
      stanzas.back().repositories.push_back(std::move(one));
  }
  if (!stanzas.empty())
    warn_of(stanzas.front().repositories);
  return stanzas;
}

} // namespace

result<int> run_info(const config::options& opts) {
  const auto level = opts.text("detail-level") == "progress" ? report::info_level::progress
                                                             : report::info_level::full;
  if (level == report::info_level::progress && opts.has_value("set"))
    return error{errc::option_invalid, "option 'set' is not valid with option 'detail-level'"};
  const auto stanzas = collect(opts);
  const auto text = opts.text("output") == "json"
                        ? report::info_json(stanzas, level)
                        : report::info_text(stanzas, level, opts.has_value("set"));
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
    return error{errc::file_write, "cannot write to standard output"};
  return 0;
}

} // namespace pgbraid::cli

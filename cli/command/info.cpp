// info: what backups and WAL the repositories hold.
// Source: cli/command/README.md, section 9.
// SPDX-License-Identifier: MIT
#include "cli/command/archived_wal.hpp"
#include "cli/command/commands.hpp"
#include "cli/command/journals.hpp"
#include "cli/frame/answer.hpp"
#include "cli/open/ask_repositories.hpp"
#include "cli/open/repositories.hpp"
#include "cli/open/whereabouts.hpp"
#include "engine/base/access_hint.hpp"
#include "engine/base/clock.hpp"
#include "engine/base/log.hpp"
#include "engine/base/log_sink.hpp"
#include "engine/base/printable.hpp"
#include "engine/config/resolution.hpp"
#include "engine/config/whole_configuration.hpp"
#include "engine/format/lock_content.hpp"
#include "engine/format/repository_path.hpp"
#include "engine/io/lock_file.hpp"
#include "engine/report/info_stanza.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
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
  bool progress = false; ///< only whether there is a stanza, and who works on it
};

question question_of(const config::options& opts) {
  question asked;
  if (opts.has_value("stanza"))
    asked.stanza = opts.text("stanza");
  if (opts.has_value("set"))
    asked.label = opts.text("set");
  if (opts.has_value("type"))
    asked.type = format::parse_backup_type(opts.text("type"));
  asked.progress = opts.text("detail-level") == "progress";
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
      wal.max_stored_s = (*range)->max_stored_s;
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

/// None of the repositories has the backup that was asked for. (Where one has it, the others are no
/// worse for it.)
void say_not_found(std::vector<report::info_repository>& repositories) {
  for (auto& repo : repositories) {
    if (repo.code != info_code::ok && repo.code != info_code::no_valid_backups)
      continue;
    repo.code = info_code::backup_not_found;
    repo.info.reset();
    repo.wal.clear();
  }
}

result<bool> has_label(repository& repo, const std::string& label) {
  // The link is looked at, not through.
  const bool link = label == format::latest_link;
  auto found = repo.files().info(link ? format::label_path(repo.stanza(), label)
                                      : format::manifest_path_of(repo.stanza(), label));
  if (!found)
    return found.failure();
  return found->has_value();
}

result<void> read_data(repository& repo, const question& asked, report::info_repository& to) {
  auto info = repo.load_backup_info();
  if (!info && info.failure().code == errc::file_missing) { // neither the file nor its copy
    to.code = info_code::missing_stanza_data;
    return success();
  }
  if (!info)
    return info.failure();
  auto wal = read_wal(repo);
  if (!wal)
    return wal.failure();
  if (info->backups.empty())
    to.code = info_code::no_valid_backups;
  auto there = asked.label ? has_label(repo, *asked.label) : result<bool>(false);
  if (!there)
    return there.failure();
  to.holds = *there;
  if (*there && info->find(*asked.label) != nullptr) {
    auto manifest =
        repo.load_manifest(*asked.label, info->cipher_pass, format::kept_files::with_wrong_pages);
    if (!manifest)
      return manifest.failure();
    to.detail = report::detail_of(*manifest);
  }
  select(*info, asked);
  to.info = std::move(*info);
  to.wal = std::move(*wal);
  return success();
}

/// What cannot be shown; of a path on this host that somebody else may read, who that is.
void fail(const config::options& opts, size_t position, const std::string& stanza, const error& why,
          report::info_repository& to) {
  auto told = why;
  const bool here = is_repository_here(opts, position);
  const auto root = here ? opts.text("repo-path", position) : std::string();
  for (const auto& path :
       {root, root + "/backup/" + stanza, root + "/" + format::backup_info_path(stanza)})
    if (auto hint = here ? access_hint(path) : std::string(); !hint.empty()) {
      told.hint = std::move(hint);
      break;
    }
  report::set_failure(to, told);
}

report::info_repository read_repository(const config::options& opts, size_t position,
                                        const std::string& stanza, const question& asked) {
  report::info_repository to{.key = opts.repo_key(position)};
  auto opened = open_repository_at(opts, position, stanza);
  if (!opened) {
    fail(opts, position, stanza, opened.failure(), to);
    return to;
  }
  to.cipher = opened->stanza->cipher();
  if (asked.progress && !asked.stanza)
    return to; // somebody listed it
  auto path = opened->files->list("backup/" + stanza);
  if (!path) {
    fail(opts, position, stanza, path.failure(), to);
  } else if (!*path) {
    to.code = info_code::missing_stanza_path;
  } else if (asked.progress) {
    return to;
  } else if (auto read = read_data(*opened->stanza, asked, to); !read) {
    fail(opts, position, stanza, read.failure(), to);
  }
  return to;
}

report::info_journal shown_journal(unsigned key, const journal::journal_content& of) {
  report::info_journal out{.key = key, .count = of.waiting.size()};
  for (const auto& one : of.waiting) {
    out.size_bytes += one.size_bytes;
    out.since_s = out.since_s == 0 ? one.since_s : std::min(out.since_s, one.since_s);
  }
  if (!of.waiting.empty()) {
    out.oldest = of.waiting.front().wal;
    out.newest = of.waiting.back().wal;
  }
  for (const auto& one : of.aside)
    out.aside.push_back(one.wal);
  for (const auto& gap : of.gaps)
    out.gaps.push_back({gap.first, gap.last, gap.since_s});
  if (of.hold)
    out.refused = {of.hold->since_s, of.hold->next_s, of.hold->why};
  return out;
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

report::info_repository failed_repository(const config::options& opts, size_t position,
                                          const std::string& stanza, const error& why) {
  report::info_repository out{.key = opts.repo_key(position)};
  fail(opts, position, stanza, why, out);
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
    if (entry.info.kind == entry_kind::path && config::check_stanza_name(entry.name))
      names.insert(entry.name);
  }
  return names;
}

/// A journal that cannot be read tells nothing, which is no reason to show nothing.
std::vector<report::info_journal> read_journals(const config::options& opts,
                                                const std::vector<size_t>& positions,
                                                const std::string& stanza) {
  std::vector<report::info_journal> out;
  for (const auto position : positions) {
    const auto key = opts.repo_key(position);
    const auto content = look_at_journal(opts, stanza, key);
    if (content && !content->empty())
      out.push_back(shown_journal(key, *content));
  }
  return out;
}

stanza_names find_stanzas(const config::options& opts, const std::vector<size_t>& positions) {
  stanza_names found;
  auto told = ask_repositories<std::set<std::string>>(opts, positions, list_stanzas);
  for (size_t i = 0; i < told.size(); ++i) {
    auto& said = told[i].said;
    if (said)
      found.names.merge(*said);
    else
      found.silent.emplace(positions[i], failed_repository(opts, positions[i], {}, said.failure()));
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
      log::sink().put(STDERR_FILENO,
                      fmt::format("WARN: repo{}: {}\n", one.key, printable(one.message)));
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
  // Before the repositories: what is archived meanwhile is no lag, nor is what came after a time
  // that repositories are read as of.
  std::map<std::string, std::optional<cluster_wal>> clusters;
  if (!asked.progress && !opts.has_value("repo-target-time"))
    for (const auto& name : found.names)
      clusters[name] = wal_of_cluster_here(opts, name);
  auto told = ask_repositories<repositories>(
      opts, positions, [found, asked](const config::options& of, size_t position) {
        return read_stanzas(of, position, found, asked);
      });
  std::vector<report::info_stanza> stanzas;
  for (const auto& name : found.names) {
    auto& stanza = stanzas.emplace_back(report::info_stanza{.name = name, .repositories = {}});
    for (size_t i = 0; i < told.size(); ++i) {
      auto& said = told[i].said;
      stanza.repositories.push_back(
          said ? std::move((*said)[stanzas.size() - 1])
               : failed_repository(opts, positions[i], name, said.failure()));
    }
    if (asked.label && std::ranges::none_of(stanza.repositories, &report::info_repository::holds))
      say_not_found(stanza.repositories);
    stanza.backup = read_lock(opts, positions, name, "backup");
    stanza.restore = read_lock(opts, positions, name, "restore");
    stanza.journals = read_journals(opts, positions, name);
    stanza.archived = archived_wal_of(stanza, clusters[name], wall_s());
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

/// Nothing to show is often a question of which configuration was read. Beside the text, which
/// programs read, too.
void hint_at_configuration(const config::options& opts,
                           const std::vector<report::info_stanza>& stanzas) {
  const bool found = std::ranges::any_of(stanzas, [](const auto& stanza) {
    return stanza.code() != info_code::missing_stanza_path && stanza.code() != info_code::other;
  });
  if (!found && opts.text("output") != "json")
    log::sink().put(
        STDERR_FILENO,
        fmt::format("HINT: {}.\n", printable_line(config::configuration_in_words(opts))));
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
  hint_at_configuration(opts, stanzas);
  return print_answer(text);
}

} // namespace pgbraid::cli

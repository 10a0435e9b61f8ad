// check: the configuration, and whether WAL of running clusters reaches every repository.
// Source: cli/command/README.md, section 3.
// SPDX-License-Identifier: MIT
#include "actors/stanza/check.hpp"

#include "cli/command/archived_wal.hpp"
#include "cli/command/commands.hpp"
#include "cli/command/journals.hpp"
#include "cli/frame/terminal.hpp"
#include "cli/open/ask_repositories.hpp"
#include "cli/open/clusters.hpp"
#include "cli/open/hosts.hpp"
#include "cli/open/whereabouts.hpp"
#include "engine/base/log.hpp"
#include "engine/config/load.hpp"
#include "engine/config/required_repositories.hpp"
#include "engine/config/whole_configuration.hpp"

#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace pgbraid::cli {

namespace {

bool all_repositories_are_remote(const config::options& opts) {
  for (size_t position = 0; position < opts.repo_count(); ++position)
    if (!repo_is_remote(opts, position))
      return false;
  return true;
}

check_request request_of(const config::options& opts) {
  const bool archives = opts.flag("archive-check");
  return {.archive_check = archives,
          .archive_mode_check = archives && opts.flag("archive-mode-check"),
          .archive_timeout = std::chrono::milliseconds(opts.time_ms("archive-timeout")),
          .wants_standby = opts.text("backup-standby") != "n",
          .standby_is_enough = opts.pg_count() == 1 && all_repositories_are_remote(opts),
          .no_database_hint = "Check the pg1-path, pg1-port and pg1-socket-path settings.\n" +
                              config::configuration_in_words(opts) + "."};
}

/// The repositories that can be reached; `into` keeps them.
std::vector<checked_repository> open_all(const config::options& opts,
                                         const std::set<unsigned>& required,
                                         std::vector<open_repository>& into,
                                         joined_failures& found) {
  for (auto& one : open_each(opts)) {
    if (one.said)
      into.push_back(std::move(*one.said));
    else if (required.contains(one.key))
      found.add(one.key, one.said.failure());
    else
      log::warn("repo{}, which is not required: {}", one.key, one.said.failure().text());
  }
  std::vector<checked_repository> out;
  for (auto& repo : into)
    out.push_back({.repo = &*repo,
                   .here = !repo_is_remote(opts, repo.position),
                   .required = required.contains(repo->key())});
  return out;
}

/// What waits on this host for repositories, and what they will not get. Where WAL may have to be
/// kept it must be possible.
void check_journals(const config::options& opts, const std::set<unsigned>& required,
                    joined_failures& found) {
  for (size_t i = 0; i < opts.repo_count(); ++i) {
    const auto number = opts.repo_key(i);
    auto journal = open_journal(opts, opts.text("stanza"), number);
    const auto content =
        journal ? journal->look() : result<journal::journal_content>(journal.failure());
    if (!content && required.contains(number))
      continue;
    if (!content) {
      found.add(number, content.failure());
      continue;
    }
    for (const auto& line : journal_in_words(*content))
      log::warn("repo{}: {}", number, line);
    if (!required.contains(number))
      if (auto writable = journal->check_writable(); !writable)
        found.add(number, writable.failure());
  }
}

/// Of those that can be reached; what is wrong with the others was told.
void tell_ends(const std::vector<open_repository>& repos, const std::optional<cluster_wal>& before,
               const std::string& segment) {
  std::vector<repository*> all;
  for (const auto& one : repos)
    all.push_back(&*one);
  tell_archived_wal(all, before, segment);
}

bool has_cluster_here(const config::options& opts) {
  for (size_t position = 0; position < opts.pg_count(); ++position)
    if (!pg_is_remote(opts, position))
      return true;
  return false;
}

void compare_archiving(const config::options& opts, const cluster& of,
                       const plan::archive_settings& archiving, joined_failures& found) {
  const auto told =
      archiving.library.empty()
          ? config::compare_archive_command(opts, archiving.command)
          : config::compare_archive_module(opts, archiving.module_stanza, archiving.module_config);
  // The options of another host are about other places.
  if (of.is_here())
    for (const auto& line : told.warnings)
      log::warn("{}", line);
  for (const auto& what : told.errors)
    found.add(what);
}

void check_configuration(const config::options& opts, joined_failures& found) {
  const auto whole = config::read_whole_configuration(opts);
  for (const auto& line : whole.warnings)
    log::warn("{}", line);
  for (const auto& what : whole.errors)
    found.add(what);
}

result<void> check_one(const config::options& opts) {
  joined_failures found;
  check_configuration(opts, found);
  const auto required = config::required_repositories(opts);
  if (!required)
    return required.failure();
  std::vector<open_repository> repos;
  const check_ends between{
      .clusters = clusters_of(opts),
      .open = [&](joined_failures& into) { return open_all(opts, *required, repos, into); },
      .compare_archiving =
          [&](const cluster& of, const plan::archive_settings& archiving, joined_failures& into) {
            compare_archiving(opts, of, archiving, into);
          }};
  // What PostgreSQL completes while it is checked is no lag.
  const auto before = wal_of_cluster_here(opts, opts.text("stanza"));
  const auto segment = check_stanza(request_of(opts), between, found);
  if (!segment)
    return segment.failure();
  tell_ends(repos, before, *segment);
  if (has_cluster_here(opts))
    check_journals(opts, *required, found);
  if (found.empty())
    tell_terminal(
        opts,
        fmt::format("check: stanza '{}' is fine{}", opts.text("stanza"),
                    segment->empty()
                        ? ""
                        : ", WAL segment " + *segment + " reached every repository" +
                              (required->size() < opts.repo_count() ? " that is required" : "")));
  return found.outcome();
}

result<void> check_all(const config::options& opts) {
  const auto stanzas = config::configured_stanzas(opts);
  if (stanzas.empty())
    log::warn("no stanzas are configured\nHINT: {}.", config::configuration_in_words(opts));
  joined_failures found;
  for (const auto& stanza : stanzas) {
    log::info("check stanza '{}'", stanza);
    std::vector<std::string> warnings;
    auto of_stanza = config::options_for_stanza(opts, stanza, warnings);
    if (of_stanza)
      if (auto checked = config::check_final(*of_stanza, warnings); !checked)
        of_stanza = checked.failure();
    for (const auto& line : warnings)
      log::warn("{}", line);
    const auto checked = of_stanza ? check_one(*of_stanza) : result<void>(of_stanza.failure());
    if (!checked)
      found.add(checked.failure().within(fmt::format("stanza '{}'", stanza)));
    leave_hosts(); // they were told which stanza they serve
  }
  return found.outcome();
}

} // namespace

result<int> run_check(const config::options& opts) {
  const auto checked = opts.has_value("stanza") ? check_one(opts) : check_all(opts);
  if (!checked)
    return checked.failure();
  return 0;
}

} // namespace pgbraid::cli

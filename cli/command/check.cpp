// check: whether WAL of a running cluster reaches every repository.
// Source: cli/command/README.md, section 3.
// SPDX-License-Identifier: MIT
#include "cli/command/backup_session.hpp"
#include "cli/command/commands.hpp"
#include "cli/frame/terminal.hpp"
#include "cli/open/clusters.hpp"
#include "cli/open/hosts.hpp"
#include "cli/open/repositories.hpp"
#include "cli/open/side_by_side.hpp"
#include "engine/base/log.hpp"
#include "engine/config/load.hpp"
#include "engine/config/whole_configuration.hpp"
#include "engine/format/repository_path.hpp"
#include "engine/pg/libpq_session.hpp"
#include "engine/pg/pg_archiver.hpp"
#include "engine/plan/stanza_match.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pgbraid::cli {

namespace {

// Known to users of the peer, who look for it in logs.
constexpr std::string_view restore_point_name = "pgBackRest Archive Check";

/// Info files can be loaded, agree, and belong to the cluster. Returns the archive id.
result<std::string> check_repository(repository& repo, const postgres::control_file& control) {
  auto archive = repo.load_archive_info();
  if (!archive)
    return archive.failure();
  auto backup = repo.load_backup_info();
  if (!backup)
    return backup.failure();
  if (auto agree = plan::check_infos_agree(*archive, *backup); !agree)
    return agree.failure();
  const auto& current = archive->current();
  if (current.system_id != control.system_id ||
      current.version != postgres::version_name(control.version)) {
    return error{errc::file_invalid,
                 "backup and archive info files exist but do not match the database",
                 "Does --stanza name the stanza of this cluster?\nA new major version needs its "
                 "stanza upgraded."};
  }
  return format::archive_id(current);
}

bool has_answered(const open_clusters& found, size_t position) {
  return (found.primary && found.primary->position == position) ||
         std::ranges::find(found.standbys, position, &open_cluster::position) !=
             found.standbys.end();
}

/// A member that does not answer may be rebuilt at this moment: nobody needs it for a check of the
/// others.
void check_paths(const config::options& opts, const open_clusters& found) {
  for (size_t position = 0; position < opts.pg_count(); ++position) {
    if (has_answered(found, position))
      continue;
    if (auto control = load_control(opts, position); !control)
      log::warn("unable to read pg_control of pg{}: [{}] {}", opts.pg_key(position),
                error_name(control.failure().code), control.failure().text());
  }
}

result<postgres::control_file> check_cluster(const config::options& opts,
                                             const open_cluster& cluster) {
  auto control = load_control(opts, cluster.position);
  if (!control)
    return control.failure();
  if (auto same = check_cluster_path(opts, cluster, *control); !same)
    return same.failure();
  return control;
}

void check_standby(const config::options& opts, const open_cluster& cluster,
                   std::vector<open_repository>& repos, joined_failures& found) {
  auto control = check_cluster(opts, cluster);
  if (!control)
    return found.add(control.failure());
  for (auto& repo : repos) {
    log::info("check {} (standby)", repo->name());
    if (auto id = check_repository(*repo, *control); !id)
      found.add(repo->key(), id.failure());
  }
  log::info("switch wal not performed because this is a standby");
}

/// A standby's own host may know of nothing but the standby and a repository elsewhere: then what
/// could be checked was.
bool only_a_standby(const config::options& opts, const open_clusters& found) {
  if (found.standbys.empty() || opts.pg_count() > 1)
    return false;
  for (size_t position = 0; position < opts.repo_count(); ++position)
    if (!repo_is_remote(opts, position))
      return false;
  return true;
}

/// Makes the server finish a segment and returns its name.
result<std::string> finish_segment(io::pg_client& client) {
  if (auto made = client.create_restore_point(restore_point_name); !made)
    return made.failure();
  return client.switch_segment();
}

/// Whether a backup could be written: the next one should not be the first to find out.
result<void> check_writable(const config::options& opts, const open_repository& repo) {
  // On another host it is that host's own `check` that sees it: backups run there.
  if (repo_is_remote(opts, repo.position))
    return success();
  const auto path =
      format::backup_path(repo->stanza()) + "/check" + std::string(format::temporary_suffix);
  if (auto written =
          write_all(*repo.files, path, "check", {.how = publish::in_place, .make_parents = false});
      !written)
    return written;
  return repo.files->remove_file(path);
}

/// What PostgreSQL's archiver says, asked again and again while a segment is waited for.
class archiver_watch {
public:
  archiver_watch(const config::options& opts, const open_cluster& cluster)
      : command_(cluster.client.server().archive_command) {
    // The session of another host is asked for what the protocol between hosts knows, not for this.
    if (pg_is_remote(opts, cluster.position))
      return;
    auto opened = io::connect_libpq(cluster_address(opts, cluster.position),
                                    std::chrono::milliseconds(opts.time_ms("db-timeout")),
                                    fmt::format("pgBackRest [{}]", opts.command_name()), nullptr);
    if (!opened)
      return;
    session_ = std::move(*opened);
    if (auto now = io::ask_archiver(*session_); now)
      began_ = std::move(*now);
    if (began_ && began_->failing)
      log::warn("PostgreSQL could not archive WAL segment {} ({} failed tries, the last one at {})",
                began_->last_failed_segment, began_->failed, began_->last_failed_at);
  }

  /// Fails when archiving was tried twice since then, in vain.
  result<void> look() const {
    constexpr uint64_t tries = 2;
    if (!began_)
      return success();
    const auto now = io::ask_archiver(*session_);
    if (!now)
      return now.failure();
    if (!now->failing || now->failed < began_->failed + tries || now->archived > began_->archived)
      return success();
    return error{errc::archive_timeout,
                 fmt::format("PostgreSQL cannot archive WAL segment {}: {} tries failed, the last "
                             "one at {}",
                             now->last_failed_segment, now->failed - began_->failed,
                             now->last_failed_at),
                 fmt::format("The server log tells what '{}' said.", command_)};
  }

private:
  std::string command_;
  std::unique_ptr<io::pg_session> session_ = {};
  std::optional<io::pg_archiver> began_ = {};
};

result<void> find_archived(const config::options& opts, repository& repo, const std::string& id,
                           const std::string& segment, const archiver_watch& archiver) {
  log::info("check {} archive for WAL (primary)", repo.name());
  const wal_archive archive{.repo = &repo,
                            .archive_id = id,
                            .timeout_ms = opts.time_ms("archive-timeout"),
                            .look = [&] { return archiver.look(); }};
  if (auto arrived = wait_for_wal(archive, {segment}); !arrived)
    return arrived;
  auto found = repo.single_wal(id, segment);
  if (!found)
    return found.failure();
  if (*found) {
    log::info("WAL segment {} successfully archived to '{}/{}' on {}", segment, repo.files().root(),
              (*found)->path, repo.name());
  }
  return success();
}

/// What archive_command says by itself, before anybody waits for what it does. Returns whether it
/// may archive what is waited for.
bool check_archive_words(const config::options& opts, const open_cluster& cluster,
                         joined_failures& found) {
  const auto told = config::compare_archive_command(opts, cluster.client.server().archive_command);
  // The options of another host are about other places.
  if (!pg_is_remote(opts, cluster.position))
    for (const auto& line : told.warnings)
      log::warn("{}", line);
  for (const auto& what : told.errors)
    found.add(what);
  return told.errors.empty();
}

/// Returns the segment that arrived everywhere; empty when none was sent.
std::string check_primary(const config::options& opts, open_cluster& cluster,
                          std::vector<open_repository>& repos, joined_failures& found) {
  auto control = check_cluster(opts, cluster);
  if (!control) {
    found.add(control.failure());
    return {};
  }
  if (auto set = check_archive_settings(opts, cluster.client.server()); !set) {
    found.add(set.failure());
    return {};
  }
  const bool archives = opts.flag("archive-check") && check_archive_words(opts, cluster, found);
  std::vector<std::pair<repository*, std::string>> usable;
  for (auto& repo : repos) {
    log::info("check {} configuration (primary)", repo->name());
    auto id = check_repository(*repo, *control);
    if (!id) {
      found.add(repo->key(), id.failure());
      continue;
    }
    if (auto writable = check_writable(opts, repo); !writable)
      found.add(repo->key(), writable.failure());
    usable.emplace_back(&*repo, *id);
  }
  if (usable.empty() || !archives)
    return {};
  const archiver_watch archiver(opts, cluster);
  auto segment = finish_segment(cluster.client);
  if (!segment) {
    found.add(segment.failure());
    return {};
  }
  for (auto& [repo, id] : usable) {
    if (auto arrived = find_archived(opts, *repo, id, *segment, archiver); !arrived)
      found.add(repo->key(), arrived.failure());
  }
  return found.outcome() ? *segment : std::string();
}

/// The repositories that can be reached.
std::vector<open_repository> open_all(const config::options& opts, joined_failures& found) {
  std::vector<open_repository> out;
  for (auto& one : open_each(opts)) {
    if (one.said)
      out.push_back(std::move(*one.said));
    else
      found.add(one.key, one.said.failure());
  }
  return out;
}

void check_configuration(const config::options& opts, joined_failures& found) {
  const auto whole = config::read_whole_configuration(opts);
  for (const auto& line : whole.warnings)
    log::warn("{}", line);
  for (const auto& what : whole.errors)
    found.add(what);
}

/// Clusters that do not answer are no reason not to look at the others.
result<void> check_stanza(const config::options& opts) {
  joined_failures found;
  check_configuration(opts, found);
  auto clusters = connect_clusters(opts);
  if (!clusters)
    return clusters.failure();
  if (!clusters->primary && clusters->standbys.empty()) {
    found.add(error{errc::config, "no database found",
                    "Check the pg1-path, pg1-port and pg1-socket-path settings.\n" +
                        config::configuration_in_words(opts) + "."});
    return found.outcome();
  }
  check_paths(opts, *clusters);
  auto repos = open_all(opts, found);
  if (clusters->standbys.empty() && opts.text("backup-standby") != "n")
    log::warn("option 'backup-standby' is enabled but standby is not properly configured");
  for (const auto& standby : clusters->standbys)
    check_standby(opts, standby, repos, found);
  std::string segment;
  if (clusters->primary)
    segment = check_primary(opts, *clusters->primary, repos, found);
  else if (!only_a_standby(opts, *clusters))
    found.add(
        error{errc::config, "primary database not found", "Check the indexed pg-path settings."});
  if (found.outcome())
    tell_terminal(opts, fmt::format("check: stanza '{}' is fine{}", opts.text("stanza"),
                                    segment.empty() ? ""
                                                    : ", WAL segment " + segment +
                                                          " reached every repository"));
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
    const auto checked = of_stanza ? check_stanza(*of_stanza) : result<void>(of_stanza.failure());
    if (!checked)
      found.add(checked.failure().within(fmt::format("stanza '{}'", stanza)));
    leave_hosts(); // they were told which stanza they serve
  }
  return found.outcome();
}

} // namespace

result<int> run_check(const config::options& opts) {
  const auto checked = opts.has_value("stanza") ? check_stanza(opts) : check_all(opts);
  if (!checked)
    return checked.failure();
  return 0;
}

} // namespace pgbraid::cli

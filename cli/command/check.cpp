// check: whether WAL of a running cluster reaches every repository.
// Source: shared/spec/commands.md, section 2.
// SPDX-License-Identifier: MIT
#include "cli/command/backup_session.hpp"
#include "cli/command/commands.hpp"
#include "cli/command/session.hpp"
#include "cli/command/side_by_side.hpp"
#include "cli/remote/hosts.hpp"
#include "engine/base/log.hpp"

#include <fmt/format.h>

#include <algorithm>
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
  if (auto agree = check_infos_agree(*archive, *backup); !agree)
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

result<void> check_standby(const config::options& opts, const open_cluster& cluster,
                           std::vector<open_repository>& repos) {
  auto control = check_cluster(opts, cluster);
  if (!control)
    return control.failure();
  joined_failures failed;
  for (auto& repo : repos) {
    log::info("check {} (standby)", repo->name());
    if (auto id = check_repository(*repo, *control); !id)
      failed.add(repo->key(), id.failure());
  }
  log::info("switch wal not performed because this is a standby");
  return failed.outcome();
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

result<void> find_archived(const config::options& opts, repository& repo, const std::string& id,
                           const std::string& segment) {
  log::info("check {} archive for WAL (primary)", repo.name());
  const wal_archive archive{&repo, id, opts.time_ms("archive-timeout")};
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

result<void> check_primary(const config::options& opts, open_cluster& cluster,
                           std::vector<open_repository>& repos) {
  auto control = check_cluster(opts, cluster);
  if (!control)
    return control.failure();
  if (auto set = check_archive_settings(opts, cluster.client.server()); !set)
    return set;
  joined_failures failed;
  std::vector<std::pair<repository*, std::string>> usable;
  for (auto& repo : repos) {
    log::info("check {} configuration (primary)", repo->name());
    auto id = check_repository(*repo, *control);
    if (id)
      usable.emplace_back(&*repo, *id);
    else
      failed.add(repo->key(), id.failure());
  }
  if (usable.empty() || !opts.flag("archive-check"))
    return failed.outcome();
  auto segment = finish_segment(cluster.client);
  if (!segment)
    return segment.failure();
  for (auto& [repo, id] : usable) {
    if (auto found = find_archived(opts, *repo, id, *segment); !found)
      failed.add(repo->key(), found.failure());
  }
  return failed.outcome();
}

/// The repositories that can be reached.
std::vector<open_repository> open_all(const config::options& opts, joined_failures& failed) {
  std::vector<open_repository> out;
  for (auto& one : open_each(opts)) {
    if (one.said)
      out.push_back(std::move(*one.said));
    else
      failed.add(one.key, one.said.failure());
  }
  return out;
}

} // namespace

result<int> run_check(const config::options& opts) {
  if (!opts.has_value("stanza")) {
    return error{errc::feature_not_supported, "check without option stanza is not supported yet",
                 "Give one stanza: --stanza=<name>."};
  }
  auto clusters = connect_clusters(opts);
  if (!clusters)
    return clusters.failure();
  if (!clusters->primary && clusters->standbys.empty()) {
    return error{errc::config, "no database found",
                 "Check the pg1-path, pg1-port and pg1-socket-path settings."};
  }
  check_paths(opts, *clusters);
  if (clusters->standbys.empty() && opts.text("backup-standby") != "n")
    log::warn("option backup-standby is enabled but standby is not properly configured");
  joined_failures failed;
  auto repos = open_all(opts, failed);
  for (const auto& standby : clusters->standbys) {
    if (auto checked = check_standby(opts, standby, repos); !checked)
      failed.add(checked.failure());
  }
  if (clusters->primary) {
    if (auto checked = check_primary(opts, *clusters->primary, repos); !checked)
      failed.add(checked.failure());
  } else if (!only_a_standby(opts, *clusters)) {
    failed.add({errc::config, "primary database not found", "Check the indexed pg-path settings."});
  }
  if (auto all = failed.outcome(); !all)
    return all.failure();
  return 0;
}

} // namespace pgbraid::cli

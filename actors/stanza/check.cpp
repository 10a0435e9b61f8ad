// Clusters, info files and the way of one segment, for every repository.
// SPDX-License-Identifier: MIT
#include "actors/stanza/check.hpp"

#include "actors/archive/archiving_of.hpp"
#include "actors/archive/wal_arrival.hpp"
#include "actors/stanza/archiver_watch.hpp"
#include "engine/base/log.hpp"
#include "engine/format/repository_path.hpp"
#include "engine/plan/stanza_match.hpp"
#include "engine/postgres/version.hpp"
#include "storage/cluster/open_cluster.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

namespace pgbraid {

namespace {

// Known to users of the peer, who look for it in logs.
constexpr std::string_view restore_point_name = "pgBackRest Archive Check";

/// Info files can be loaded, agree, and belong to the cluster. Returns the archive id.
result<std::string> check_infos(repository& repo, const postgres::control_file& control) {
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

result<postgres::control_file> check_files(const open_cluster& one) {
  auto control = one->control_fields();
  if (!control)
    return control.failure();
  if (auto same = check_cluster_path(one, *control); !same)
    return same.failure();
  return control;
}

/// Makes the server finish a segment and returns its name.
result<std::string> finish_segment(pg::pg_client& client) {
  if (auto made = client.create_restore_point(restore_point_name); !made)
    return made.failure();
  return client.switch_segment();
}

/// Whether a backup could be written: the next one should not be the first to find out.
result<void> check_writable(const checked_repository& one) {
  if (!one.here)
    return success();
  auto& repo = *one.repo;
  const auto path =
      format::backup_path(repo.stanza()) + "/check" + std::string(format::temporary_suffix);
  if (auto written =
          write_all(repo.files(), path, "check", {.how = publish::in_place, .make_parents = false});
      !written)
    return written;
  return repo.files().remove_file(path);
}

/// One that takes WAL of the cluster.
struct usable_repository {
  checked_repository of;
  std::string archive_id;
};

/// A repository that PostgreSQL does not wait for gets a segment after the others; where it is
/// behind, no more is to be learned by waiting.
constexpr std::chrono::milliseconds besides_limit(5'000);

class stanza_check {
public:
  stanza_check(const check_request& wanted, const check_ends& between, joined_failures& found)
      : wanted_(wanted), between_(between), found_(found) {}

  result<std::string> run();

private:
  void check_silent();
  void check_standby(const open_cluster& standby);
  std::string check_primary(open_cluster& primary);
  void note(const checked_repository& of, const error& what);
  std::vector<usable_repository> check_repositories(const postgres::control_file& control);
  bool may_archive(const open_cluster& primary);
  result<void> find_archived(const usable_repository& in, const std::string& segment,
                             const archiver_watch& archiver) const;

  const check_request& wanted_;
  const check_ends& between_;
  joined_failures& found_;
  open_clusters clusters_ = {};
  std::vector<checked_repository> repos_ = {};
};

/// A member that does not answer may be rebuilt at this moment: nobody needs it for a check of the
/// others.
void stanza_check::check_silent() {
  for (const auto& one : between_.clusters) {
    if (clusters_.has(*one))
      continue;
    if (auto control = one->control(); !control)
      log::warn("unable to read pg_control of {}: [{}] {}", one->name(),
                error_name(control.failure().code), control.failure().text());
  }
}

void stanza_check::check_standby(const open_cluster& standby) {
  auto control = check_files(standby);
  if (!control)
    return found_.add(control.failure());
  for (const auto& one : repos_) {
    log::info("check {} (standby)", one.repo->name());
    if (auto id = check_infos(*one.repo, *control); !id)
      note(one, id.failure());
  }
  log::info("switch wal not performed because this is a standby");
}

void stanza_check::note(const checked_repository& of, const error& what) {
  if (of.required)
    found_.add(of.repo->key(), what);
  else
    log::warn("repo{}, which is not required: [{}] {}", of.repo->key(), error_name(what.code),
              what.text());
}

/// Those that take WAL of the cluster, and under which archive id.
std::vector<usable_repository>
stanza_check::check_repositories(const postgres::control_file& control) {
  std::vector<usable_repository> usable;
  for (const auto& one : repos_) {
    log::info("check {} configuration (primary)", one.repo->name());
    auto id = check_infos(*one.repo, control);
    if (!id) {
      note(one, id.failure());
      continue;
    }
    if (auto writable = check_writable(one); !writable)
      note(one, writable.failure());
    usable.push_back({one, *id});
  }
  return usable;
}

/// What archive_command, or the settings of the archive module, say by themselves, before anybody
/// waits for what it does.
bool stanza_check::may_archive(const open_cluster& primary) {
  if (!wanted_.archive_check)
    return false;
  joined_failures wrong;
  between_.compare_archiving(*primary.place, archiving_of(primary.client.server()), wrong);
  if (auto fine = wrong.outcome(); !fine)
    found_.add(fine.failure());
  return wrong.empty();
}

result<void> stanza_check::find_archived(const usable_repository& in, const std::string& segment,
                                         const archiver_watch& archiver) const {
  auto& repo = *in.of.repo;
  const auto& id = in.archive_id;
  const auto limit =
      in.of.required ? wanted_.archive_timeout : std::min(wanted_.archive_timeout, besides_limit);
  log::info("check {} archive for WAL (primary)", repo.name());
  const wal_archive archive{
      .repo = &repo, .archive_id = id, .limit = limit, .look = [&] { return archiver.look(); }};
  if (auto arrived = wait_for_wal(archive, {segment}); !arrived)
    return arrived;
  auto stored = repo.single_wal(id, segment);
  if (!stored)
    return stored.failure();
  if (*stored) {
    log::info("WAL segment {} successfully archived to '{}/{}' on {}", segment, repo.files().root(),
              (*stored)->path, repo.name());
  }
  return success();
}

/// Returns the segment that arrived wherever it must; empty when none was sent.
std::string stanza_check::check_primary(open_cluster& primary) {
  auto control = check_files(primary);
  if (!control) {
    found_.add(control.failure());
    return {};
  }
  const auto& server = primary.client.server();
  if (wanted_.archive_check)
    if (auto set = plan::check_archive_settings(archiving_of(server), wanted_.archive_mode_check);
        !set) {
      found_.add(set.failure());
      return {};
    }
  const bool archives = may_archive(primary);
  const auto usable = check_repositories(*control);
  if (usable.empty() || !archives)
    return {};
  const archiver_watch archiver(primary);
  auto segment = finish_segment(primary.client);
  if (!segment) {
    found_.add(segment.failure());
    return {};
  }
  // PostgreSQL tells of required ones alone, and those come first.
  for (const bool required : {true, false})
    for (const auto& one : usable)
      if (one.of.required == required)
        if (auto arrived = find_archived(one, *segment, archiver); !arrived)
          note(one.of, arrived.failure());
  return found_.empty() ? *segment : std::string();
}

/// Clusters that do not answer are no reason not to look at the others.
result<std::string> stanza_check::run() {
  auto connected = connect_clusters(between_.clusters);
  if (!connected)
    return connected.failure();
  clusters_ = std::move(*connected);
  if (!clusters_.primary && clusters_.standbys.empty()) {
    found_.add(error{errc::config, "no database found", wanted_.no_database_hint});
    return std::string();
  }
  check_silent();
  repos_ = between_.open(found_);
  if (clusters_.standbys.empty() && wanted_.wants_standby)
    log::warn("option 'backup-standby' is enabled but standby is not properly configured");
  for (const auto& standby : clusters_.standbys)
    check_standby(standby);
  if (clusters_.primary)
    return check_primary(*clusters_.primary);
  if (clusters_.standbys.empty() || !wanted_.standby_is_enough)
    found_.add(
        error{errc::config, "primary database not found", "Check the indexed pg-path settings."});
  return std::string();
}

} // namespace

result<std::string> check_stanza(const check_request& wanted, const check_ends& between,
                                 joined_failures& found) {
  return stanza_check(wanted, between, found).run();
}

} // namespace pgbraid

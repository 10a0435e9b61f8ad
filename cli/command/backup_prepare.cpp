// Backup, up to a manifest that is ready to be copied.
// SPDX-License-Identifier: MIT
#include "cli/command/backup_run.hpp"
#include "cli/open/compression.hpp"
#include "cli/open/locks.hpp"
#include "engine/base/clock.hpp"
#include "engine/base/log.hpp"
#include "engine/format/entry_name.hpp"
#include "engine/format/info_value.hpp"
#include "engine/plan/manifest_tree.hpp"
#include "engine/plan/stanza_match.hpp"

#include <thread>
#include <vector>

namespace pgbraid::cli {

namespace {

/// A restore of one database cannot ask for these, but their files are in the backup like any.
void leave_out_unnameable(std::vector<format::manifest_database>& databases) {
  std::erase_if(databases, [](const auto& database) {
    const bool out = !format::is_line_key(database.name);
    if (out)
      log::warn("database '{}' is backed up, but left out of the manifest's list of databases: its "
                "name has a line feed",
                format::printable(database.name));
    return out;
  });
}

} // namespace

result<void> backup_run::open() {
  if (auto free = check_stop_file(opts); !free)
    return free;
  auto locked = lock_command(opts);
  if (!locked)
    return locked.failure();
  lock = std::move(*locked);
  if (!opts.repo_chosen() && opts.repo_count() > 1)
    log::info("repo option not specified, defaulting to repo{}",
              opts.repo_key(opts.repo_default()));
  auto opened = open_default_repository(opts);
  if (!opened)
    return opened.failure();
  repo = std::move(*opened);
  auto loaded = repo->load_backup_info();
  if (!loaded)
    return loaded.failure();
  info = std::move(*loaded);
  auto reconciled = reconcile(*repo, info);
  if (!reconciled)
    return reconciled.failure();
  for (const auto& line : reconciled->warnings)
    log::warn("{}", line);
  return open_cluster_of_run();
}

result<void> backup_run::connect() {
  auto found = connect_clusters(opts);
  if (!found)
    return found.failure();
  auto first = take_primary(*found);
  if (!first)
    return first.failure();
  auto chosen = choose_standbys(opts, std::move(found->standbys));
  if (!chosen)
    return chosen.failure();
  primary = std::move(*first);
  standbys = std::move(*chosen);
  pg_position = primary->position;
  return success();
}

result<void> backup_run::require_stopped() {
  if (opts.text("backup-standby") != "n")
    log::warn("option backup-standby is enabled but backup is offline - backups will be performed "
              "from the primary");
  auto running = has_postmaster_pid(opts, pg_position);
  if (!running)
    return running.failure();
  if (!*running)
    return success();
  if (!opts.flag("force"))
    return error{errc::pg_running,
                 "--no-online passed but postmaster.pid exists in '" + pg_path() + "'",
                 "Stop PostgreSQL, or use --force if you are sure that it does not run."};
  log::warn("--no-online passed and postmaster.pid exists but --force was passed so the backup "
            "goes on, though the cluster it makes may be inconsistent");
  return success();
}

result<void> backup_run::open_cluster_of_run() {
  online = opts.flag("online");
  pg_position = opts.pg_default();
  if (auto ready = online ? connect() : require_stopped(); !ready)
    return ready;
  auto loaded = load_control_bytes(opts, pg_position);
  if (!loaded)
    return loaded.failure();
  control = std::move(*loaded);
  if (auto fits = plan::check_stanza_matches(info, control.fields); !fits)
    return fits;
  if (primary)
    if (auto fits = check_cluster_path(opts, *primary, control.fields); !fits)
      return fits;
  for (const auto& standby : standbys) {
    auto of_standby = load_control(opts, standby.position);
    if (!of_standby)
      return of_standby.failure();
    if (auto fits = check_cluster_path(opts, standby, *of_standby); !fits)
      return fits;
    if (auto fits = plan::check_stanza_matches(info, *of_standby); !fits)
      return fits;
  }
  if (auto settled = settle_checksum_page(); !settled)
    return settled;
  if (!opts.flag("archive-check"))
    return success();
  auto loaded_archive = repo->load_archive_info();
  if (!loaded_archive)
    return loaded_archive.failure();
  auto id = plan::cluster_archive_id(*loaded_archive, control.fields);
  if (!id)
    return id.failure();
  archive_id = *id;
  return success();
}

result<void> backup_run::settle_checksum_page() {
  const bool possible = control.fields.has_page_checksums();
  checksum_page = opts.has_value("checksum-page") ? opts.flag("checksum-page") : possible && online;
  if (checksum_page && !possible) {
    log::warn("checksum-page option set to true but checksums are not enabled on the cluster, "
              "resetting to false");
    checksum_page = false;
  }
  return success();
}

result<void> backup_run::choose_type() {
  if (opts.text("type") == "full")
    return success();
  for (const auto& existing : info.backups)
    if (existing.history_id == info.current_id)
      return error{errc::feature_not_supported,
                   fmt::format("backup type '{}' is not supported yet", opts.text("type")),
                   "Use --type=full."};
  log::warn("no prior backup exists, {} backup has been changed to full", opts.text("type"));
  return success();
}

result<void> backup_run::start() {
  if (!online) {
    start_s = wall_s();
    return check_label();
  }
  auto clock = primary->client.clock_ms();
  if (!clock)
    return clock.failure();
  start_s = *clock / 1000;
  if (auto settings_fit = check_archive_settings(opts, primary->client.server()); !settings_fit)
    return settings_fit;
  if (auto fine = check_label(); !fine)
    return fine;
  auto started = begin_backup(opts, *primary);
  if (!started)
    return started.failure();
  begun = std::move(*started);
  if (auto there = wait_for_standbys(opts, standbys, *begun); !there)
    return there;
  if (!opts.flag("archive-check"))
    return success();
  log::info("check archive for {}segment {}", begun->check_is_prior ? "prior " : "",
            begun->check_segment);
  return wait_for_wal({&*repo, archive_id, opts.time_ms("archive-timeout"), &primary->client},
                      {begun->check_segment});
}

/// A clock or a time zone of which no label can be made is found out before PostgreSQL begins
/// anything.
result<void> backup_run::check_label() {
  auto on_disk = repo->list_backups();
  if (!on_disk)
    return on_disk.failure();
  // One that was begun while the clock was ahead must not be in the way for ever.
  if (auto removed = remove_incomplete(*on_disk); !removed)
    return removed;
  auto known = repo->known_labels(*on_disk);
  if (!known)
    return known.failure();
  if (auto chosen = format::choose_label(format::backup_type::full, start_s, {}, *known); !chosen)
    return chosen.failure();
  return success();
}

result<void> backup_run::walk() {
  cluster_walk_options wanted{.version = control.fields.version,
                              .catalog_version = control.fields.catalog_version,
                              .online = online,
                              .checksum_page = checksum_page,
                              .exclude = opts.list("exclude"),
                              .gone_paths = &gone_paths,
                              .owners = cluster_owners(opts, pg_position)};
  if (online) {
    auto spaces = primary->client.tablespaces();
    if (!spaces)
      return spaces.failure();
    for (const auto& space : *spaces)
      wanted.tablespaces.push_back({space.oid, space.name});
    auto databases = primary->client.databases();
    if (!databases)
      return databases.failure();
    for (const auto& database : *databases) {
      manifest.databases.push_back({.name = database.name, .oid = database.oid});
      places.databases.push_back({database.oid, database.tablespace});
    }
    leave_out_unnameable(manifest.databases);
  }
  const auto opener = cluster_opener(opts, pg_position);
  auto root = opener(pg_path());
  if (!root)
    return root.failure();
  if (auto walked = walk_cluster(**root, opener, wanted, manifest); !walked)
    return walked;
  if (online && !manifest.find_file("pg_data/global/pg_control"))
    return error{errc::file_missing, "pg_control must be present in all online backups",
                 "Is something removing files from '" + pg_path() + "/global'?"};
  return success();
}

void backup_run::fill_cluster() {
  const auto& entry = info.current();
  manifest.history_id = entry.id;
  manifest.system_id = entry.system_id;
  manifest.catalog_version = entry.catalog_version;
  manifest.control_version = entry.control_version;
  manifest.db_version = entry.version;
}

void backup_run::fill_options() {
  auto& o = manifest.options;
  o.archive_check = opts.flag("archive-check");
  o.backup_standby = !standbys.empty();
  o.buffer_size_bytes = opts.size_bytes("buffer-size");
  o.checksum_page = checksum_page;
  o.compress = settings.compression != compress_type::none;
  o.compress_kind = settings.compression;
  o.compress_level = settings.compress_level;
  o.compress_level_network = opts.integer("compress-level-network");
  o.delta = false;
  o.online = online;
  o.process_max = opts.has_value("process-max") ? static_cast<uint64_t>(opts.integer("process-max"))
                                                : std::thread::hardware_concurrency();
}

result<void> backup_run::build_manifest() {
  const auto position = repo.position;
  const auto packing = compression_of(opts);
  settings.compression = packing.type;
  settings.compress_level = packing.level;
  settings.gz = packing.gz;
  settings.fuse = opts.flag("fuse");
  settings.checksum_page = checksum_page;
  settings.page_bytes = control.fields.page_size_bytes;
  settings.page_header_check = opts.flag("page-header-check");
  settings.page_errors_end_it = opts.flag("checksum-page-error");
  settings.version = control.fields.version;
  settings.rules.bundle = opts.flag("repo-bundle", position);
  if (settings.rules.bundle) {
    settings.rules.bundle_limit_bytes = opts.size_bytes("repo-bundle-limit", position);
    settings.rules.bundle_size_bytes = opts.size_bytes("repo-bundle-size", position);
  }
  if (auto walked = walk(); !walked)
    return walked;
  fill_cluster();
  // What restore would refuse is not worth copying.
  if (auto sound = plan::check_manifest_tree(manifest); !sound)
    return sound;
  fill_options();
  manifest.type = format::backup_type::full;
  manifest.bundle = settings.rules.bundle;
  manifest.start_s = start_s;
  manifest.annotations = opts.map("annotation");
  std::erase_if(manifest.annotations, [](const auto& note) { return note.second.empty(); });
  auto opened = cluster_files::open(manifest, cluster_opener(opts, pg_position));
  if (!opened)
    return opened.failure();
  cluster = std::move(*opened);
  return success();
}

} // namespace pgbraid::cli

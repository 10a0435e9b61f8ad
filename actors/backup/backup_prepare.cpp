// Backup, up to a manifest that is ready to be copied.
// SPDX-License-Identifier: MIT
#include "actors/archive/archiving_of.hpp"
#include "actors/archive/wal_arrival.hpp"
#include "actors/backup/backup_run.hpp"
#include "engine/base/clock.hpp"
#include "engine/base/log.hpp"
#include "engine/format/entry_name.hpp"
#include "engine/format/info_value.hpp"
#include "engine/plan/backup_changes.hpp"
#include "engine/plan/backup_choice.hpp"
#include "engine/plan/block_check.hpp"
#include "engine/plan/manifest_tree.hpp"
#include "engine/plan/stanza_match.hpp"
#include "engine/postgres/wal_name.hpp"

#include <vector>

namespace pgbraid {

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
  auto loaded = repo.load_backup_info();
  if (!loaded)
    return loaded.failure();
  info = std::move(*loaded);
  auto reconciled = reconcile(repo, info);
  if (!reconciled)
    return reconciled.failure();
  for (const auto& line : reconciled->warnings)
    log::warn("{}", line);
  return open_cluster_of_run();
}

result<void> backup_run::connect() {
  auto found = connect_clusters(between.clusters);
  if (!found)
    return found.failure();
  auto first = take_primary(*found);
  if (!first)
    return first.failure();
  auto chosen = choose_standbys(wanted.standbys, std::move(found->standbys));
  if (!chosen)
    return chosen.failure();
  primary = std::move(*first);
  standbys = std::move(*chosen);
  source = primary->place;
  return success();
}

result<void> backup_run::require_stopped() {
  if (wanted.standbys != standby_wish::none)
    log::warn("option backup-standby is enabled but backup is offline - backups will be performed "
              "from the primary");
  auto running = source->has_postmaster_pid();
  if (!running)
    return running.failure();
  if (!*running)
    return success();
  if (!wanted.force)
    return error{errc::pg_running,
                 "--no-online passed but postmaster.pid exists in '" + source->path() + "'",
                 "Stop PostgreSQL, or use --force if you are sure that it does not run."};
  log::warn("--no-online passed and postmaster.pid exists but --force was passed so the backup "
            "goes on, though the cluster it makes may be inconsistent");
  return success();
}

result<void> backup_run::check_standby_files() {
  for (const auto& standby : standbys) {
    auto of_standby = standby->control_fields();
    if (!of_standby)
      return of_standby.failure();
    if (auto fits = check_cluster_path(standby, *of_standby); !fits)
      return fits;
    if (auto fits = plan::check_stanza_matches(info, *of_standby); !fits)
      return fits;
  }
  return success();
}

result<void> backup_run::open_cluster_of_run() {
  source = between.clusters[between.offline];
  if (auto ready = wanted.online ? connect() : require_stopped(); !ready)
    return ready;
  auto loaded = source->control();
  if (!loaded)
    return loaded.failure();
  control = std::move(*loaded);
  if (auto fits = plan::check_stanza_matches(info, control.fields); !fits)
    return fits;
  if (primary)
    if (auto fits = check_cluster_path(*primary, control.fields); !fits)
      return fits;
  if (auto fit = check_standby_files(); !fit)
    return fit;
  settle_checksum_page();
  if (!wanted.archive_check)
    return success();
  auto loaded_archive = repo.load_archive_info();
  if (!loaded_archive)
    return loaded_archive.failure();
  auto id = plan::cluster_archive_id(*loaded_archive, control.fields);
  if (!id)
    return id.failure();
  archive_id = *id;
  return success();
}

void backup_run::settle_checksum_page() {
  const auto chosen = plan::choose_page_check(wanted.checksum_page,
                                              control.fields.has_page_checksums(), wanted.online);
  if (!chosen.warning.empty())
    log::warn("{}", chosen.warning);
  rules.checksum_page = chosen.choice;
}

result<void> backup_run::choose_type() {
  auto chosen = plan::choose_backup_basis(wanted.type, info);
  if (!chosen.warning.empty())
    log::warn("{}", chosen.warning);
  basis = std::move(chosen.choice);
  manifest.type = basis.type;
  rules.compression = wanted.compression;
  rules.compress_level = wanted.compress_level;
  rules.raw_members = wanted.blocks.has_value();
  return basis.prior ? load_prior() : success();
}

result<void> backup_run::load_prior() {
  auto loaded = repo.load_manifest(*basis.prior, info.cipher_pass);
  if (!loaded) {
    auto why = loaded.failure();
    why.hint =
        "Nothing can be built on a backup whose manifest cannot be read: --type=full begins a "
        "new set.";
    return why;
  }
  prior = std::move(*loaded);
  if (auto readable = plan::check_blocks(*prior, info); !readable) {
    auto why = readable.failure();
    why.hint =
        "Nothing can be built on blocks that nobody could read: --type=full begins a new set.";
    return why;
  }
  log::info("last backup label = {}, version = {}", prior->label, basis.prior_version);
  auto settled = plan::settle_rules(rules, basis.type, *prior);
  for (const auto& line : settled.warnings)
    log::warn("{}", line);
  rules = settled.rules;
  const auto levels = codec::levels_of(rules.compression);
  if (rules.compress_level < levels.low || rules.compress_level > levels.high)
    rules.compress_level = levels.standard;
  manifest.prior = prior->label;
  manifest.references = plan::inherited_references(*prior);
  prior_files = format::packed_files(*prior);
  prior->drop_files();
  return success();
}

result<void> backup_run::start() {
  if (!wanted.online) {
    start_s = wall_s();
    return check_label();
  }
  auto clock = primary->client.clock_ms();
  if (!clock)
    return clock.failure();
  start_s = *clock / 1000;
  const auto& server = primary->client.server();
  if (wanted.archive_check)
    if (auto fit = plan::check_archive_settings(archiving_of(server), wanted.archive_mode_check);
        !fit)
      return fit;
  if (auto fine = check_label(); !fine)
    return fine;
  auto started = begin_backup(wanted, *primary);
  if (!started)
    return started.failure();
  begun = std::move(*started);
  if (auto there = wait_for_standbys(standbys, *begun, wanted.archive_timeout); !there)
    return there;
  if (!wanted.archive_check)
    return success();
  log::info("check archive for {}segment {}", begun->proof.is_prior ? "prior " : "",
            begun->proof.segment);
  return wait_for_wal({&repo, archive_id, wanted.archive_timeout, &primary->client},
                      {begun->proof.segment});
}

/// A clock or a time zone of which no label can be made is found out before PostgreSQL begins
/// anything.
result<void> backup_run::check_label() {
  auto on_disk = repo.list_backups();
  if (!on_disk)
    return on_disk.failure();
  // One that was begun while the clock was ahead must not be in the way for ever.
  if (auto settled = settle_incomplete(*on_disk); !settled)
    return settled;
  auto known = repo.known_labels(*on_disk);
  if (!known)
    return known.failure();
  if (auto chosen = format::choose_label(manifest.type, start_s, full_label(), *known); !chosen)
    return chosen.failure();
  return success();
}

result<void> backup_run::ask_catalogs(cluster_walk_options& wanted_of_walk) {
  auto spaces = primary->client.tablespaces();
  if (!spaces)
    return spaces.failure();
  for (const auto& space : *spaces)
    wanted_of_walk.tablespaces.push_back({space.oid, space.name});
  auto databases = primary->client.databases();
  if (!databases)
    return databases.failure();
  for (const auto& database : *databases) {
    manifest.databases.push_back({.name = database.name, .oid = database.oid});
    places.databases.push_back({database.oid, database.tablespace});
  }
  leave_out_unnameable(manifest.databases);
  return success();
}

result<void> backup_run::walk() {
  cluster_walk_options wanted_of_walk{.version = control.fields.version,
                                      .catalog_version = control.fields.catalog_version,
                                      .online = wanted.online,
                                      .checksum_page = rules.checksum_page,
                                      .exclude = wanted.exclude,
                                      .gone_paths = &gone_paths,
                                      .owners = source->owners()};
  if (wanted.online)
    if (auto asked = ask_catalogs(wanted_of_walk); !asked)
      return asked;
  auto root = source->open(source->path());
  if (!root)
    return root.failure();
  if (auto walked = walk_cluster(**root, source->opener(), wanted_of_walk, manifest); !walked)
    return walked;
  if (wanted.online && !manifest.find_file("pg_data/global/pg_control"))
    return error{errc::file_missing, "pg_control must be present in all online backups",
                 "Is something removing files from '" + source->path() + "/global'?"};
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

void backup_run::fill_settings() {
  settings.compression = rules.compression;
  settings.compress_level = rules.compress_level;
  settings.gz = wanted.gz;
  settings.fuse = wanted.fuse;
  settings.checksum_page = rules.checksum_page;
  settings.page_bytes = control.fields.page_size_bytes;
  settings.page_header_check = wanted.page_header_check;
  settings.page_errors_end_it = wanted.page_errors_end_it;
  settings.version = control.fields.version;
  settings.rules = wanted.rules;
  settings.blocks = wanted.blocks;
  settings.raw_members = rules.raw_members && wanted.rules.bundle;
  settings.prior = prior ? &*prior : nullptr;
}

void backup_run::fill_options() {
  auto& o = manifest.options;
  o.archive_check = wanted.archive_check;
  o.archive_copy = wanted.archive_copy;
  o.hardlink = wanted.hardlink;
  o.backup_standby = !standbys.empty();
  o.buffer_size_bytes = wanted.buffer_size;
  o.checksum_page = rules.checksum_page;
  o.compress = settings.compression != compress_type::none;
  o.compress_kind = settings.compression;
  o.compress_level = settings.compress_level;
  o.compress_level_network = wanted.compress_level_network;
  o.delta = wanted.delta;
  o.online = wanted.online;
  o.process_max = wanted.process_max;
}

result<void> backup_run::build_manifest() {
  fill_settings();
  if (auto walked = walk(); !walked)
    return walked;
  fill_cluster();
  // What restore would refuse is not worth copying.
  if (auto sound = plan::check_manifest_tree(manifest); !sound)
    return sound;
  fill_options();
  manifest.bundle = settings.rules.bundle;
  manifest.bundle_raw = rules.raw_members;
  manifest.block_incremental = settings.blocks.has_value();
  manifest.start_s = start_s;
  manifest.annotations = wanted.annotations;
  if (begun) { // whoever goes on with it has to know the timeline
    manifest.archive_start = begun->at.segment;
    manifest.lsn_start = postgres::format_lsn(begun->at.lsn);
  }
  auto opened = cluster_files::open(manifest, source->opener());
  if (!opened)
    return opened.failure();
  files = std::move(*opened);
  return success();
}

/// Which files are copied: settled before anything is written, and only once the second of the walk
/// is over, so that what is written from here on gets a later time.
result<void> backup_run::find_changes() {
  manifest.copy_start_s = wall_s();
  if (wanted.online) {
    auto second = next_server_second(primary->client);
    if (!second)
      return second.failure();
    manifest.copy_start_s = *second;
  }
  if (prior)
    if (auto referred = refer_to_prior(); !referred)
      return referred;
  choose_resumed();
  return success();
}

std::vector<plan::file_change> backup_run::changes() const {
  std::vector<plan::file_change> out;
  out.reserve(manifest.files.size());
  const format::manifest nothing;
  const auto& before = prior ? *prior : nothing;
  for (const auto& file : manifest.files)
    out.push_back(file.reference != format::none_index
                      ? plan::file_change::unchanged
                      : plan::judge_file(manifest, file, before, before.find_file(file.name),
                                         settings.delta));
  return out;
}

result<void> backup_run::refer_to_prior() {
  const std::string start = begun ? begun->at.segment : std::string();
  bool delta = wanted.delta;
  if (!delta)
    if (const auto reason = plan::find_delta_reason(manifest, start, *prior, prior_files)) {
      log::warn("{}", *reason);
      delta = true;
    }
  settings.delta = delta;
  manifest.options.delta = delta;
  const auto counts = plan::refer_unchanged(manifest, *prior, prior_files, delta);
  plan::unpack_unreferred(*prior, prior_files, manifest);
  prior_files = {};
  if (counts.to_copy == 0 && !wanted.online)
    return error{errc::file_missing,
                 "no files have changed since the last backup - this seems unlikely"};
  return success();
}

} // namespace pgbraid

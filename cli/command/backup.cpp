// The backup command: a full backup of one cluster into one repository.
// Source of the order of steps: shared/spec/commands.md, section 3.1.
// SPDX-License-Identifier: MIT
#include "actors/run_job.hpp"
#include "cli/command/backup_files.hpp"
#include "cli/command/backup_session.hpp"
#include "cli/command/commands.hpp"
#include "cli/command/graph_settings.hpp"
#include "cli/run_command.hpp"
#include "engine/base/log.hpp"
#include "engine/base/units.hpp"
#include "engine/format/lock_content.hpp"
#include "engine/format/repository_path.hpp"
#include "engine/postgres/wal_name.hpp"
#include "storage/backup/small_files.hpp"
#include "storage/posix/posix_storage.hpp"

#include <unistd.h>

#include <chrono>
#include <thread>

namespace pgbraid::cli {

namespace {

constexpr auto ping_every = std::chrono::seconds(30);

int64_t now_s() {
  return std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
}

/// Everything one run of the command knows, in the order in which it is learned.
struct backup_run {
  const config::options& opts;
  io::lock_set lock = {};
  open_repository repo = {};
  format::backup_info info = {};
  std::optional<format::archive_info> archive = {};
  std::string archive_id = {};
  std::string pg_path = {};
  std::optional<open_cluster> primary = {};
  loaded_control control = {};
  bool online = true;
  bool checksum_page = false;
  int64_t start_s = 0;
  std::optional<backup_begin> begun = {};
  format::manifest manifest = {};
  std::optional<cluster_files> cluster = {};
  backup_settings settings = {};
  uint64_t written_progress = 0;
  std::chrono::steady_clock::time_point pinged_at = std::chrono::steady_clock::now();

  result<void> open();
  result<void> choose_type();
  result<void> start();
  result<void> build_manifest();
  result<void> choose_label();
  result<void> make_directories();
  result<void> copy();
  result<void> stop();
  result<void> publish();

private:
  result<void> open_cluster_of_run();
  result<void> settle_checksum_page();
  result<void> walk();
  result<void> remove_incomplete();
  void fill_options();
  result<void> show_progress(uint64_t done_bytes, uint64_t total_bytes);
  result<void> keep_alive();
  result<void> sync_directories(const backup_job& job);
};

result<std::unique_ptr<storage>> open_posix(const std::string& path) {
  return make_posix_storage(path);
}

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

result<void> backup_run::open_cluster_of_run() {
  online = opts.flag("online");
  pg_path = opts.text("pg-path", opts.pg_default());
  if (online) {
    auto connected = connect_primary(opts);
    if (!connected)
      return connected.failure();
    primary = std::move(*connected);
    pg_path = opts.text("pg-path", primary->position);
  } else if (::access((pg_path + "/postmaster.pid").c_str(), F_OK) == 0) {
    if (!opts.flag("force"))
      return error{errc::pg_running,
                   "--no-online passed but postmaster.pid exists in '" + pg_path + "'",
                   "Stop PostgreSQL, or use --force if you are sure that it does not run."};
    log::warn("--no-online passed and postmaster.pid exists but --force was passed so the backup "
              "goes on, though the cluster it makes may be inconsistent");
  }
  auto loaded = load_control_bytes(pg_path);
  if (!loaded)
    return loaded.failure();
  control = std::move(*loaded);
  if (auto fits = check_stanza_matches(info, control.fields); !fits)
    return fits;
  if (primary)
    if (auto fits = check_cluster_path(opts, *primary, control.fields); !fits)
      return fits;
  if (auto settled = settle_checksum_page(); !settled)
    return settled;
  if (!opts.flag("archive-check"))
    return success();
  auto loaded_archive = repo->load_archive_info();
  if (!loaded_archive)
    return loaded_archive.failure();
  auto id = cluster_archive_id(*loaded_archive, control.fields);
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
    start_s = now_s();
    return success();
  }
  auto clock = primary->client.clock_ms();
  if (!clock)
    return clock.failure();
  start_s = *clock / 1000;
  if (auto settings_fit = check_archive_settings(opts, primary->client.server()); !settings_fit)
    return settings_fit;
  auto started = begin_backup(opts, primary->client, pg_path);
  if (!started)
    return started.failure();
  begun = std::move(*started);
  if (!opts.flag("archive-check"))
    return success();
  log::info("check archive for {}segment {}", begun->check_is_prior ? "prior " : "",
            begun->check_segment);
  return wait_for_wal({&*repo, archive_id, opts.time_ms("archive-timeout")},
                      {begun->check_segment});
}

result<void> backup_run::walk() {
  cluster_walk_options wanted{.version = control.fields.version,
                              .catalog_version = control.fields.catalog_version,
                              .online = online,
                              .checksum_page = checksum_page,
                              .exclude = opts.list("exclude")};
  if (online) {
    auto spaces = primary->client.tablespaces();
    if (!spaces)
      return spaces.failure();
    for (const auto& space : *spaces)
      wanted.tablespaces.push_back({space.oid, space.name});
    auto databases = primary->client.databases();
    if (!databases)
      return databases.failure();
    for (const auto& database : *databases)
      manifest.databases.push_back({.name = database.name, .oid = database.oid});
  }
  auto root = make_posix_storage(pg_path);
  if (auto walked = walk_cluster(*root, open_posix, wanted, manifest); !walked)
    return walked;
  if (online && !manifest.find_file("pg_data/global/pg_control"))
    return error{errc::file_missing, "pg_control must be present in all online backups",
                 "Is something removing files from '" + pg_path + "/global'?"};
  return success();
}

void backup_run::fill_options() {
  auto& o = manifest.options;
  o.archive_check = opts.flag("archive-check");
  o.backup_standby = false;
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
  settings.compression = *parse_compress_type(opts.text("compress-type"));
  settings.compress_level = static_cast<int>(opts.integer("compress-level"));
  const auto& gz = opts.text("gz-engine");
  settings.gz = gz == "zlib"   ? codec::gz_engine::zlib
                : gz == "isal" ? codec::gz_engine::isal
                               : codec::gz_engine::automatic;
  settings.checksum_page = checksum_page;
  settings.page_bytes = control.fields.page_size_bytes;
  settings.page_header_check = opts.flag("page-header-check");
  settings.version = control.fields.version;
  settings.rules.bundle = opts.flag("repo-bundle", position);
  if (settings.rules.bundle) {
    settings.rules.bundle_limit_bytes = opts.size_bytes("repo-bundle-limit", position);
    settings.rules.bundle_size_bytes = opts.size_bytes("repo-bundle-size", position);
  }
  if (auto walked = walk(); !walked)
    return walked;
  fill_options();
  manifest.type = format::backup_type::full;
  manifest.bundle = settings.rules.bundle;
  manifest.start_s = start_s;
  manifest.annotations = opts.map("annotation");
  std::erase_if(manifest.annotations, [](const auto& note) { return note.second.empty(); });
  auto opened = cluster_files::open(manifest, open_posix);
  if (!opened)
    return opened.failure();
  cluster = std::move(*opened);
  return success();
}

result<void> backup_run::remove_incomplete() {
  auto found = repo->list_backups();
  if (!found)
    return found.failure();
  if (found->empty() || found->back().has_manifest)
    return success();
  const auto& label = found->back().label;
  log::warn("backup '{}' cannot be resumed: this version does not resume backups", label);
  return repo->remove_backup(label);
}

result<void> backup_run::choose_label() {
  if (auto removed = remove_incomplete(); !removed)
    return removed;
  manifest.copy_start_s = now_s();
  if (online) {
    auto second = next_server_second(primary->client);
    if (!second)
      return second.failure();
    manifest.copy_start_s = *second;
  }
  auto known = repo->known_labels();
  if (!known)
    return known.failure();
  auto chosen = format::choose_label(format::backup_type::full, start_s, {}, *known);
  if (!chosen)
    return chosen.failure();
  if (chosen->second_added)
    std::this_thread::sleep_until(std::chrono::system_clock::from_time_t(start_s + 2));
  manifest.label = chosen->label;
  manifest.references = {manifest.label};
  if (repo->encrypted()) {
    auto pass = generate_passphrase();
    if (!pass)
      return pass.failure();
    manifest.cipher_pass = std::move(*pass);
  }
  return success();
}

result<void> backup_run::make_directories() {
  // The copy comes first: it is what keeps expire, also that of other hosts, from this directory.
  if (auto saved = repo->save_manifest_copy(manifest, info.cipher_pass); !saved)
    return saved;
  if (manifest.bundle || !repo->files().features().paths)
    return success();
  const auto base = format::label_path(repo->stanza(), manifest.label) + "/";
  for (const auto& path : manifest.paths)
    if (auto made = repo->files().make_path(base + std::string(path.name)); !made)
      return made;
  if (!repo->files().features().symlinks || !opts.flag("repo-symlink", repo.position))
    return success();
  for (const auto& target : manifest.targets)
    if (target.is_tablespace())
      if (auto linked =
              repo->files().make_symlink(base + "pg_data/" + target.name, "../../" + target.name);
          !linked)
        return linked;
  return success();
}

result<void> backup_run::show_progress(uint64_t done_bytes, uint64_t total_bytes) {
  const uint64_t share = total_bytes == 0 ? 10000 : done_bytes * 10000 / total_bytes;
  if (share <= written_progress + 10)
    return success();
  written_progress = share;
  return lock.write(render(format::lock_content{.exec_id = opts.exec_id(),
                                                .pid = static_cast<uint64_t>(::getpid()),
                                                .percent_hundredths = share,
                                                .size_bytes = total_bytes,
                                                .size_complete_bytes = done_bytes}));
}

result<void> backup_run::keep_alive() {
  if (!primary)
    return success();
  if (primary->client.is_broken())
    return error{errc::db_query, "the server closed the connection during the backup",
                 "Was PostgreSQL restarted?"};
  if (std::chrono::steady_clock::now() - pinged_at < ping_every)
    return success();
  pinged_at = std::chrono::steady_clock::now();
  return primary->client.ping();
}

result<void> backup_run::sync_directories(const backup_job& job) {
  const auto base = format::label_path(repo->stanza(), manifest.label);
  auto paths = job.touched_paths();
  if (!manifest.bundle)
    for (const auto& path : manifest.paths)
      paths.insert(base + "/" + std::string(path.name));
  paths.insert(base);
  paths.insert(format::backup_path(repo->stanza()));
  for (const auto& path : paths)
    if (auto synced = repo->files().sync_path(path);
        !synced && synced.failure().code != errc::path_missing)
      return synced;
  return success();
}

result<void> backup_run::copy() {
  // The checkpoint of the start is in pg_control by now: read it once more, valid, for the backup.
  auto fresh = load_control_bytes(pg_path);
  if (!fresh)
    return fresh.failure();
  settings.control_file = postgres::padded_control_file(fresh->bytes);
  uint64_t total_bytes = 0;
  backup_job job(manifest, *cluster, *repo, settings,
                 {.progress = [&](uint64_t done) { return show_progress(done, total_bytes); },
                  .tick = [&] { return keep_alive(); }});
  total_bytes = job.total_bytes();
  const auto run =
      graph_settings(opts, graph::backup_graph(job.shape()), small_files::window_bytes);
  if (auto done = actors::run_job(job, run); !done)
    return done;
  job.remove_vanished();
  if (online && !manifest.find_file("pg_data/global/pg_control"))
    return error{errc::file_missing, "pg_control vanished during the backup"};
  return sync_directories(job);
}

result<void> backup_run::stop() {
  if (!online) {
    manifest.stop_s = now_s();
    return success();
  }
  if (auto alive = primary->client.ping(); !alive)
    return alive;
  log::info("execute backup stop and wait for all WAL segments to archive");
  auto stopped = primary->client.stop_backup();
  if (!stopped)
    return stopped.failure();
  auto clock = primary->client.clock_ms();
  if (!clock)
    return clock.failure();
  manifest.stop_s = *clock / 1000;
  if (auto stored = store_text_file(*repo, manifest, settings, "backup_label",
                                    stopped->backup_label, manifest.stop_s);
      !stored)
    return stored;
  if (stopped->tablespace_map.find_first_not_of(" \t\r\n") != std::string::npos)
    if (auto stored = store_text_file(*repo, manifest, settings, "tablespace_map",
                                      stopped->tablespace_map, manifest.stop_s);
        !stored)
      return stored;
  log::info("backup stop archive = {}, lsn = {}", stopped->segment,
            postgres::format_lsn(stopped->lsn));
  manifest.archive_start = begun->at.segment;
  manifest.archive_stop = stopped->segment;
  manifest.lsn_start = postgres::format_lsn(begun->at.lsn);
  manifest.lsn_stop = postgres::format_lsn(stopped->lsn);
  if (!opts.flag("archive-check"))
    return success();
  log::info("check archive for segment(s) {}:{}", begun->at.segment, stopped->segment);
  return wait_for_wal({&*repo, archive_id, opts.time_ms("archive-timeout")},
                      postgres::segments_between(postgres::timeline_of(begun->at.segment),
                                                 begun->at.lsn, stopped->lsn,
                                                 control.fields.wal_segment_bytes));
}

result<void> backup_run::publish() {
  const auto& cluster_entry = info.current();
  manifest.history_id = cluster_entry.id;
  manifest.system_id = cluster_entry.system_id;
  manifest.catalog_version = cluster_entry.catalog_version;
  manifest.control_version = cluster_entry.control_version;
  manifest.db_version = cluster_entry.version;
  if (auto valid = format::validate(manifest, format::strictness::strict); !valid)
    return valid;
  log::info("new backup label = {}", manifest.label);
  // From here on the backup is one: data, then manifest, then info file.
  if (auto published = repo->publish_manifest(manifest, info.cipher_pass); !published)
    return published;
  const auto summary = format::summarize(manifest);
  const auto size_bytes = summary.size_bytes;
  info.add(summary);
  if (auto saved = repo->save(info); !saved)
    return saved;
  // Written again only so that object stores count its age from the last backup.
  auto loaded = repo->load_archive_info();
  if (!loaded)
    return loaded.failure();
  if (auto saved = repo->save(*loaded); !saved)
    return saved;
  log::info("full backup size = {}, file total = {}", format_size(size_bytes),
            manifest.files.size());
  return success();
}

result<int> explain_backup(backup_run& run) {
  if (auto walked = run.build_manifest(); !walked)
    return walked.failure();
  if (run.repo->encrypted())
    run.manifest.cipher_pass = secret("explain"); // only its presence shapes the graph
  const backup_job job(run.manifest, *run.cluster, *run.repo, run.settings, {});
  print_graph(run.opts, graph::backup_graph(job.shape()), small_files::window_bytes);
  return 0;
}

} // namespace

result<int> run_backup(const config::options& opts) {
  backup_run run{.opts = opts};
  if (auto opened = run.open(); !opened)
    return opened.failure();
  if (auto typed = run.choose_type(); !typed)
    return typed.failure();
  if (opts.flag("explain"))
    return explain_backup(run);

  for (const auto step :
       {&backup_run::start, &backup_run::build_manifest, &backup_run::choose_label,
        &backup_run::make_directories, &backup_run::copy, &backup_run::stop, &backup_run::publish})
    if (auto done = (run.*step)(); !done)
      return done.failure();
  // Under the same locks; the backup is complete whatever expire says.
  return opts.flag("expire-auto") ? run_follow_up(opts, config::command_id::expire) : 0;
}

} // namespace pgbraid::cli

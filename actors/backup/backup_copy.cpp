// Backup, from the first copied file to its place in backup.info.
// SPDX-License-Identifier: MIT
#include "actors/archive/wal_arrival.hpp"
#include "actors/backup/backup_run.hpp"
#include "actors/backup/hard_links.hpp"
#include "actors/backup/stop_files.hpp"
#include "actors/backup/wal_copies.hpp"
#include "actors/run/run_job.hpp"
#include "engine/base/clock.hpp"
#include "engine/base/command_stage.hpp"
#include "engine/base/log.hpp"
#include "engine/base/path.hpp"
#include "engine/base/stop_signal.hpp"
#include "engine/base/units.hpp"
#include "engine/format/info_value.hpp"
#include "engine/format/lock_content.hpp"
#include "engine/format/repository_path.hpp"
#include "engine/postgres/wal_name.hpp"

#include <unistd.h>

#include <algorithm>
#include <set>

namespace pgbraid {

namespace {

constexpr auto ping_every = std::chrono::seconds(30);
/// A million files take seconds to be written down: no more than a twentieth of the time goes
/// there.
constexpr auto save_every = std::chrono::seconds(15);
/// More often: what is read from a standby after its promotion is of no use.
constexpr auto ping_standbys_every = std::chrono::seconds(2);

void log_references(const format::manifest& of) {
  if (!log::enabled(log::level::detail))
    return;
  for (const auto& file : of.files)
    if (file.reference != format::none_index)
      log::detail("reference {} to {}", format::printable(file.name), of.holder(file));
}

} // namespace

/// After so many bytes or so much time, whichever comes first: whoever is killed then loses no
/// more.
bool backup_run::is_time_to_save(uint64_t done_bytes, uint64_t total_bytes) const {
  if (done_bytes <= saved_bytes || done_bytes >= total_bytes)
    return false;
  if (done_bytes - saved_bytes >= std::max(wanted.save_threshold, total_bytes / 100))
    return true;
  return wanted.resume &&
         monotonic::now() - saved_at >= std::max<monotonic::duration>(save_every, 20 * save_took);
}

result<void> backup_run::save_copy() {
  const auto began = monotonic::now();
  auto saved = claim->save(manifest, info.cipher_pass);
  saved_at = monotonic::now();
  save_took = saved_at - began;
  return saved;
}

result<void> backup_run::show_progress(uint64_t done_bytes, uint64_t total_bytes) {
  the_command_stage.done_bytes = done_bytes;
  the_command_stage.total_bytes = total_bytes;
  if (is_time_to_save(done_bytes, total_bytes)) {
    saved_bytes = done_bytes;
    if (auto saved = save_copy(); !saved)
      return saved;
  }
  const uint64_t share = total_bytes == 0 ? 10000 : done_bytes * 10000 / total_bytes;
  if (share <= written_progress + 10)
    return success();
  written_progress = share;
  const auto shown =
      between.lock.write(render(format::lock_content{.exec_id = wanted.exec_id,
                                                     .pid = static_cast<uint64_t>(::getpid()),
                                                     .percent_hundredths = share,
                                                     .size_bytes = total_bytes,
                                                     .size_complete_bytes = done_bytes}));
  // What info shows is no reason to lose a backup.
  if (!shown)
    log::debug("progress is not shown: {}", shown.failure().message);
  return success();
}

result<void> backup_run::keep_alive() {
  if (auto ours = claim->state(); !ours)
    return ours;
  if (!primary)
    return success();
  if (auto there = check_session(primary->client); !there)
    return there;
  const auto now = monotonic::now();
  if (now - standbys_pinged_at >= ping_standbys_every) {
    standbys_pinged_at = now;
    if (auto checked = check_standbys(); !checked)
      return checked;
  }
  if (now - pinged_at < ping_every)
    return success();
  pinged_at = monotonic::now();
  return primary->client.ping();
}

/// A standby that was promoted ends the backup: what it gave may not be covered by the backup's
/// WAL. One that is gone only stops being read.
result<void> backup_run::check_standbys() {
  for (size_t i = 0; i < standbys.size(); ++i) {
    const size_t index = i + 1; // the primary comes first
    if (sources->is_dropped(index))
      continue;
    auto alive = standbys[i].client.ping();
    if (!alive && alive.failure().code == errc::db_mismatch)
      return alive;
    if (!alive)
      sources->drop(index, alive.failure());
  }
  return success();
}

result<void> backup_run::sync_directories(const backup_job& job) {
  const auto base = format::label_path(repo.stanza(), manifest.label);
  // A new file is safe only when every path above it is.
  std::set<std::string> paths;
  for (std::string path : job.touched_paths())
    for (; path.size() > base.size(); path.erase(path.rfind('/')))
      paths.insert(path);
  if (has_all_paths())
    for (const auto& path : manifest.paths)
      paths.insert(base + "/" + std::string(path.name));
  paths.insert(base);
  const auto history = format::history_manifest_path(repo.stanza(), manifest.label);
  for (auto path = split_path(history).parent; path != split_path(base).parent;
       path = split_path(path).parent)
    paths.emplace(path);
  paths.insert(format::backup_path(repo.stanza()));
  return repo.files().sync_many_paths(std::vector<std::string>(paths.begin(), paths.end()));
}

result<void> backup_run::copy() {
  // The checkpoint of the start is in pg_control by now: read it once more, valid, for the backup.
  auto fresh = source->control();
  if (!fresh)
    return fresh.failure();
  settings.control_file = postgres::padded_control_file(fresh->bytes);
  uint64_t total_bytes = 0;
  if (auto opened = open_sources(); !opened)
    return opened;
  backup_job job(manifest, *files, *sources, repo, settings,
                 {.progress = [&](uint64_t done) { return show_progress(done, total_bytes); },
                  .tick = [&] { return keep_alive(); }});
  total_bytes = job.total_bytes();
  the_command_stage.total_bytes = total_bytes;
  if (auto made = make_target_paths(job); !made)
    return made;
  const auto run = between.compile(graph_of(job), job.use(wanted.repository_here));
  if (auto done = actors::run_job(job, run); !done)
    return done;
  if (auto checked = check_standbys(); !checked)
    return checked;
  sources->log_totals();
  sources.reset(); // ends the copies on other hosts
  if (auto noted = note_losses(job); !noted)
    return noted;
  job.remove_vanished();
  if (links_files()) {
    if (auto linked = link_references(repo, manifest); !linked)
      return linked;
  } else {
    log_references(manifest);
  }
  if (wanted.online && !manifest.find_file("pg_data/global/pg_control"))
    return error{errc::file_missing, "pg_control vanished during the backup"};
  return sync_directories(job);
}

result<void> backup_run::stop() {
  if (!wanted.online) {
    manifest.stop_s = wall_s();
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
  if (auto stored = store_text_file(repo, manifest, settings, "backup_label", stopped->backup_label,
                                    manifest.stop_s);
      !stored)
    return stored;
  if (stopped->tablespace_map.find_first_not_of(" \t\r\n") != std::string::npos)
    if (auto stored = store_text_file(repo, manifest, settings, "tablespace_map",
                                      stopped->tablespace_map, manifest.stop_s);
        !stored)
      return stored;
  log::info("backup stop archive = {}, lsn = {}", stopped->segment,
            postgres::format_lsn(stopped->lsn));
  manifest.archive_start = begun->at.segment;
  manifest.archive_stop = stopped->segment;
  manifest.lsn_start = postgres::format_lsn(begun->at.lsn);
  manifest.lsn_stop = postgres::format_lsn(stopped->lsn);
  if (!wanted.archive_check)
    return success();
  // From here on only its WAL is missing: if that comes too late, the next backup waits for it.
  if (wanted.resume)
    if (auto saved = save_copy(); !saved)
      return saved;
  return wait_for_segments();
}

result<std::vector<std::string>> segments_of(const format::manifest& stopped,
                                             uint32_t segment_bytes) {
  const auto begin = postgres::parse_lsn(*stopped.lsn_start);
  const auto end = postgres::parse_lsn(*stopped.lsn_stop);
  if (!begin || !end)
    return begin ? end.failure() : begin.failure();
  auto segments = postgres::segments_between(postgres::timeline_of(*stopped.archive_start), *begin,
                                             *end, segment_bytes);
  if (segments.empty())
    return error{errc::archive_timeout,
                 "the range of WAL segments of the backup cannot be checked"};
  return segments;
}

/// All that the backup needs to be consistent; stored in it, if that is wanted.
result<void> backup_run::wait_for_segments() {
  log::info("check archive for segment(s) {}:{}", *manifest.archive_start, *manifest.archive_stop);
  const auto segments = segments_of(manifest, control.fields.wal_segment_bytes);
  if (!segments)
    return segments.failure();
  if (auto there = wait_for_wal({&repo, archive_id, wanted.archive_timeout}, *segments); !there)
    return there;
  return manifest.options.archive_copy ? copy_segments(*segments) : success();
}

result<void> backup_run::copy_segments(const std::vector<std::string>& segments) {
  auto archive = repo.load_archive_info();
  if (!archive)
    return archive.failure();
  auto pass = repo.take_wal_pass(*archive);
  if (!pass)
    return pass.failure();
  return copy_wal(repo,
                  {.archive_id = archive_id,
                   .pass = std::move(*pass),
                   .segment_bytes = control.fields.wal_segment_bytes,
                   .segments = segments},
                  settings, manifest.stop_s, manifest);
}

/// Others may have published backups since this one began. What cannot be read now is as it was.
void backup_run::refresh_info() {
  auto loaded = repo.load_backup_info();
  if (!loaded || loaded->current_id != info.current_id)
    return;
  auto reconciled = reconcile(repo, *loaded);
  if (!reconciled)
    return;
  for (const auto& line : reconciled->warnings)
    log::warn("{}", line);
  info = std::move(*loaded);
}

/// What this backup builds on must still be there: another host may have expired it meanwhile.
result<void> backup_run::check_references() const {
  for (const auto& label : manifest.references)
    if (label != manifest.label && !info.find(label))
      return error{errc::backup_set_invalid,
                   "backup '" + label + "', which this one builds on, is gone",
                   "Did another host expire it? The next backup builds on what is there."};
  return success();
}

result<void> backup_run::publish() {
  refresh_info();
  fill_cluster();
  if (auto there = check_references(); !there)
    return there;
  if (auto valid = format::validate(manifest, format::strictness::strict); !valid)
    return valid;
  log::info("new backup label = {}", manifest.label);
  const auto summary = format::summarize(manifest);
  const auto size_bytes = summary.size_delta_bytes;
  info.add(summary);
  // Written again only so that object stores count its age from the last backup.
  const auto archive = repo.load_archive_info();
  if (auto held = between.lock.check_held(); !held)
    return held;
  publication all(repo.files());
  if (auto added = repo.add(all, manifest, info.cipher_pass); !added)
    return added;
  if (auto added = repo.add(all, info); !added)
    return added;
  if (archive)
    if (auto added = repo.add(all, *archive); !added)
      return added;
  if (auto ours = claim->close(); !ours)
    return ours;
  if (should_stop())
    return stopped_by_signal();
  // From here on the backup is one: data, then manifest, then info file.
  if (auto published = all.publish(); !published)
    return published;
  // Nothing reads this link, so a file system without links loses nothing.
  if (wanted.symlinks)
    if (auto linked = repo.set_latest(manifest.label); !linked)
      log::warn("unable to point 'latest' to the new backup: {}", linked.failure().message);
  if (!archive)
    return archive.failure();
  log::info("{} backup size = {}, file total = {}", format::backup_type_name(manifest.type),
            format_size(size_bytes), manifest.files.size());
  return success();
}

} // namespace pgbraid

// Backup: what went away while it was copied, and what is wrong with what was copied.
// SPDX-License-Identifier: MIT
#include "actors/backup/backup_run.hpp"
#include "engine/base/clock.hpp"
#include "engine/base/log.hpp"
#include "engine/base/stop_signal.hpp"

#include <algorithm>
#include <chrono>
#include <set>
#include <string>
#include <utility>

namespace pgbraid {

namespace {

/// How long a database may take from removing directories to saying so.
constexpr auto catalogs_wait = std::chrono::seconds(15);
constexpr auto catalogs_poll = std::chrono::milliseconds(250);

} // namespace

result<plan::catalog_places> backup_run::current_places() {
  plan::catalog_places out;
  auto databases = primary->client.databases();
  if (!databases)
    return databases.failure();
  for (const auto& database : *databases)
    out.databases.push_back({database.oid, database.tablespace});
  auto spaces = primary->client.tablespaces();
  if (!spaces)
    return spaces.failure();
  for (const auto& space : *spaces)
    out.tablespaces.push_back(space.oid);
  return out;
}

/// Fails unless the database itself took all of these paths away. It does that before the catalogs
/// tell of it.
result<void> backup_run::check_gone(const std::set<std::string>& paths) {
  const auto deadline = monotonic::now() + catalogs_wait;
  while (!paths.empty()) {
    plan::catalog_places now = places;
    if (wanted.online) {
      auto asked = current_places();
      if (!asked)
        return asked.failure();
      now = std::move(*asked);
    }
    const auto lost = std::ranges::find_if(
        paths, [&](const auto& path) { return !plan::was_dropped(path, places, now); });
    if (lost == paths.end())
      return success();
    if (!wanted.online || should_stop() || monotonic::now() >= deadline)
      return error{
          errc::path_missing,
          fmt::format("'{}' went away while it was copied", cluster_file_path(manifest, *lost)),
          "Was it unmounted, moved or removed? Without it the backup would be incomplete."};
    sleep_unless_stopped(catalogs_poll);
  }
  return success();
}

/// What the backup is without, and what is wrong with what it has.
result<void> backup_run::note_losses(const backup_job& job) {
  auto gone = job.gone_paths();
  gone.insert(gone_paths.begin(), gone_paths.end());
  if (auto dropped = check_gone(gone); !dropped)
    return dropped;
  if (job.vanished_count() > 0)
    log::info("{} file(s) were removed by the database while the backup ran", job.vanished_count());
  if (job.page_warnings() > 0)
    log::warn("backup command encountered {} checksum warning(s), check the log file for details",
              job.page_warnings());
  return success();
}

} // namespace pgbraid

// Where in a repository a WAL file lies.
// SPDX-License-Identifier: MIT
#include "actors/archive/get_source.hpp"

#include "engine/format/repository_path.hpp"
#include "engine/plan/stanza_match.hpp"
#include "engine/postgres/version.hpp"
#include "engine/postgres/wal_name.hpp"

#include <mutex>
#include <utility>

namespace pgbraid {

namespace {

result<void> find_in(get_source& source, const std::string& archive_id, const std::string& name) {
  auto& repo = source.from->repo;
  if (!postgres::is_segment_or_partial_name(name)) {
    auto path = format::wal_history_path(repo->stanza(), archive_id, name);
    auto info = repo->files().info(path);
    if (!info)
      return info.failure();
    if (*info)
      source.found.push_back({.archive_id = archive_id, .path = std::move(path)});
    return success();
  }
  auto found = repo->find_wal(archive_id, name);
  if (!found)
    return found.failure();
  for (auto& one : *found) {
    source.found.push_back({.archive_id = archive_id,
                            .path = std::move(one.path),
                            .checksum = std::move(one.entry.checksum),
                            .compress = one.entry.compress});
  }
  return success();
}

result<std::shared_ptr<wal_repository>> open_for_wal(const repository_door& door,
                                                     const postgres::control_file& control) {
  auto repo = door.open();
  if (!repo)
    return repo.failure();
  auto out = std::make_shared<wal_repository>(wal_repository{.repo = std::move(*repo)});
  auto info = out->repo->load_archive_info();
  if (!info)
    return info.failure();
  if (auto newest = plan::cluster_archive_id(*info, control); !newest)
    return newest.failure();
  for (const auto* entry :
       info->matching(control.system_id, postgres::version_name(control.version)))
    out->archive_ids.push_back(format::archive_id(*entry));
  auto pass = out->repo->take_wal_pass(*info);
  if (!pass)
    return pass.failure();
  out->pass = std::move(*pass);
  return out;
}

result<get_source> look_in(std::shared_ptr<wal_repository> repo, const std::string& name) {
  get_source source{.from = std::move(repo)};
  for (const auto& id : source.from->archive_ids)
    if (auto found = find_in(source, id, name); !found)
      return found.failure();
  return source;
}

/// A repository that stays open until something fails.
class kept_repository {
public:
  kept_repository(repository_door door, const postgres::control_file& control)
      : door_(std::move(door)), control_(control) {}

  result<get_source> look_for(const std::string& name) {
    auto repo = opened();
    if (!repo)
      return repo.failure();
    auto source = look_in(*repo, name);
    if (!source)
      forget(*repo);
    return source;
  }

private:
  result<std::shared_ptr<wal_repository>> opened() {
    const std::lock_guard held(mutex_);
    if (open_)
      return open_;
    auto repo = open_for_wal(door_, control_);
    if (repo)
      open_ = *repo;
    return repo;
  }
  void forget(const std::shared_ptr<wal_repository>& broken) {
    const std::lock_guard held(mutex_);
    if (open_ == broken)
      open_.reset();
  }

  const repository_door door_;
  const postgres::control_file control_;
  std::mutex mutex_ = {}; ///< held while it is opened
  std::shared_ptr<wal_repository> open_ = {};
};

} // namespace

wal_asker ask_anew(const repository_door& door, const postgres::control_file& control) {
  return {.key = door.key,
          .ask = [door, control](const std::string& name) -> result<get_source> {
            auto repo = open_for_wal(door, control);
            if (!repo)
              return repo.failure();
            return look_in(std::move(*repo), name);
          },
          .reconnect = door.reconnect};
}

wal_asker ask_kept(const repository_door& door, const postgres::control_file& control) {
  return {.key = door.key,
          .ask = [kept = std::make_shared<kept_repository>(door, control)](
                     const std::string& name) { return kept->look_for(name); },
          .reconnect = door.reconnect};
}

} // namespace pgbraid

// Where in a repository a WAL file lies.
// SPDX-License-Identifier: MIT
#include "actors/archive/get_source.hpp"

#include "engine/format/repository_path.hpp"
#include "engine/plan/stanza_match.hpp"
#include "engine/postgres/version.hpp"
#include "engine/postgres/wal_name.hpp"

#include <utility>

namespace pgbraid {

namespace {

result<void> find_in(get_source& source, const std::string& archive_id, const std::string& name) {
  if (!postgres::is_segment_or_partial_name(name)) {
    auto path = format::wal_history_path(source.repo->stanza(), archive_id, name);
    auto info = source.repo->files().info(path);
    if (!info)
      return info.failure();
    if (*info)
      source.found.push_back({.archive_id = archive_id, .path = std::move(path)});
    return success();
  }
  auto found = source.repo->find_wal(archive_id, name);
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

result<void> look_in(get_source& source, const postgres::control_file& control,
                     const std::string& name) {
  auto info = source.repo->load_archive_info();
  if (!info)
    return info.failure();
  if (auto newest = plan::cluster_archive_id(*info, control); !newest)
    return newest.failure();
  for (const auto* entry :
       info->matching(control.system_id, postgres::version_name(control.version))) {
    if (auto found = find_in(source, format::archive_id(*entry), name); !found)
      return found.failure();
  }
  auto pass = source.repo->take_wal_pass(*info);
  if (!pass)
    return pass.failure();
  source.pass = std::move(*pass);
  return success();
}

} // namespace

result<get_source> look_for_wal(const repository_door& door, const postgres::control_file& control,
                                const std::string& name) {
  auto repo = door.open();
  if (!repo)
    return repo.failure();
  get_source source{.repo = std::move(*repo)};
  if (auto looked = look_in(source, control, name); !looked) {
    source.trouble = looked.failure();
    source.found.clear();
  }
  return source;
}

} // namespace pgbraid

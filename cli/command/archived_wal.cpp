// How far the repositories are behind.
// SPDX-License-Identifier: MIT
#include "cli/command/archived_wal.hpp"

#include "cli/open/whereabouts.hpp"
#include "engine/base/clock.hpp"
#include "engine/base/log.hpp"
#include "engine/base/path.hpp"
#include "engine/base/units.hpp"
#include "engine/config/whole_configuration.hpp"
#include "engine/plan/archive_lag.hpp"
#include "engine/plan/segment_size.hpp"
#include "engine/postgres/version.hpp"
#include "storage/cluster/control_reader.hpp"
#include "storage/driver/posix/posix_storage.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pgbraid::cli {

namespace {

/// One repository of a stanza, as far as this is about it.
struct told_end {
  unsigned key = 0;
  uint64_t system_id = 0;
  plan::archive_end end = {};
  std::optional<uint32_t> segment_bytes = {};
};

std::optional<cluster_wal> look_at(const std::string& pgdata) {
  const auto files = make_posix_storage(pgdata);
  const auto control = read_control(*files);
  if (!control)
    return std::nullopt;
  const auto& fields = control->fields;
  cluster_wal out{.system_id = fields.system_id, .segment_bytes = fields.wal_segment_bytes};
  // Rooted where the WAL is, since that is a link in many clusters.
  const auto wal =
      make_posix_storage(join_path(pgdata, std::string(postgres::wal_directory(fields.version))));
  const auto status = wal->list("archive_status");
  std::vector<std::string> names;
  if (status && *status)
    for (const auto& one : **status)
      names.push_back(one.name);
  out.newest = plan::newest_completed(names);
  return out;
}

std::string newest_of(const std::vector<told_end>& all, const told_end& like,
                      const std::optional<cluster_wal>& here) {
  std::string out;
  for (const auto& one : all)
    if (one.system_id == like.system_id)
      out = std::max(out, one.end.last);
  if (here && here->system_id == like.system_id)
    out = std::max(out, here->newest);
  return out;
}

std::optional<uint32_t> size_of(const std::vector<told_end>& all, const told_end& like,
                                const std::optional<cluster_wal>& here) {
  if (here && here->system_id == like.system_id)
    return here->segment_bytes;
  for (const auto& one : all)
    if (one.system_id == like.system_id && one.segment_bytes)
      return one.segment_bytes;
  return std::nullopt;
}

/// Nothing where the repository cannot tell, which others have told.
std::optional<told_end> end_of(repository& repo) {
  const auto info = repo.load_archive_info();
  if (!info)
    return std::nullopt;
  const auto range = repo.wal_range(format::archive_id(info->current()));
  if (!range)
    return std::nullopt;
  told_end out{.key = repo.key(), .system_id = info->current().system_id};
  if (*range)
    out.end = {(*range)->max, (*range)->max_stored_s};
  return out;
}

} // namespace

std::optional<cluster_wal> wal_of_cluster_here(const config::options& opts,
                                               const std::string& stanza) {
  std::vector<std::string> warnings;
  const auto of_stanza = config::options_for_stanza(opts, stanza, warnings);
  if (!of_stanza)
    return std::nullopt;
  const auto archives = of_stanza->for_command(config::command_id::archive_push);
  if (!archives)
    return std::nullopt;
  for (size_t i = 0; i < archives->pg_count(); ++i)
    if (!pg_is_remote(*archives, i) && archives->has_value("pg-path", i))
      if (auto found = look_at(archives->text("pg-path", i)))
        return found;
  return std::nullopt;
}

std::vector<report::info_archived> archived_wal_of(const report::info_stanza& stanza,
                                                   const std::optional<cluster_wal>& here,
                                                   int64_t now_s) {
  std::vector<told_end> all;
  for (const auto& repo : stanza.repositories) {
    if (!repo.info)
      continue;
    const auto& current = repo.info->current();
    const auto wal = std::ranges::find(repo.wal, current.id, &report::info_wal::history_id);
    if (wal == repo.wal.end())
      continue;
    all.push_back({.key = repo.key,
                   .system_id = current.system_id,
                   .end = {wal->max.value_or(""), wal->max_stored_s},
                   .segment_bytes = plan::segment_size_of(*repo.info, current.id)});
  }
  std::vector<report::info_archived> out;
  for (const auto& one : all) {
    report::info_archived shown{.key = one.key, .last = one.end.last};
    if (!shown.last.empty()) {
      shown.stored_s = one.end.stored_s;
      shown.age_s = std::max<int64_t>(0, now_s - one.end.stored_s);
    }
    if (const auto lag =
            plan::lag_behind(one.end.last, newest_of(all, one, here), size_of(all, one, here)))
      shown.lag = {lag->newest, lag->segments, lag->bytes, plan::lag_in_words(*lag)};
    out.push_back(std::move(shown));
  }
  return out;
}

void tell_archived_wal(const std::vector<repository*>& all, const std::optional<cluster_wal>& here,
                       const std::string& newest) {
  std::vector<told_end> ends;
  for (auto* repo : all)
    if (auto told = end_of(*repo))
      ends.push_back(std::move(*told));
  for (const auto& one : ends) {
    const auto last = newest.empty() ? newest_of(ends, one, here) : newest;
    const auto lag = plan::lag_behind(one.end.last, last, size_of(ends, one, here));
    const auto where =
        one.end.last.empty()
            ? std::string("no WAL is archived")
            : fmt::format("WAL is archived up to {}, stored {} ago", one.end.last,
                          format_age(std::max<int64_t>(0, wall_s() - one.end.stored_s)));
    if (lag)
      log::warn("repo{}: {}, {}", one.key, where, plan::lag_in_words(*lag));
    else
      log::info("repo{}: {}", one.key, where);
  }
}

} // namespace pgbraid::cli

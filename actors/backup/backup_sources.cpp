// Which hosts a backup reads its files from.
// SPDX-License-Identifier: MIT
#include "actors/backup/backup_run.hpp"

#include <fmt/format.h>

namespace pgbraid {

namespace {

/// A standby on this host has the targets of the primary, but its own PGDATA.
storage_opener standby_opener(cluster& standby, const std::string& primary_path) {
  return [&standby, primary_path](const std::string& path) {
    const bool in_data = path == primary_path || path.starts_with(primary_path + "/");
    return standby.open(in_data ? standby.path() + path.substr(primary_path.size()) : path);
  };
}

} // namespace

result<backup_source> backup_run::source_at(cluster& one, bool standby) {
  backup_source out{.name = one.name(), .standby = standby};
  if (!one.is_here()) {
    auto host = one.host();
    if (!host)
      return host.failure();
    out.host = std::move(*host);
    out.name += fmt::format(" host '{}'", out.host->name());
    return out;
  }
  out.local = &*files;
  if (!standby)
    return out;
  auto opened = cluster_files::open(manifest, standby_opener(one, source->path()));
  if (!opened)
    return opened.failure();
  standby_files.push_back(std::make_unique<cluster_files>(std::move(*opened)));
  out.local = standby_files.back().get();
  return out;
}

result<void> backup_run::open_sources() {
  std::vector<backup_source> found;
  auto first = source_at(*source, false);
  if (!first)
    return first.failure();
  found.push_back(std::move(*first));
  for (const auto& standby : standbys) {
    auto next = source_at(*standby.place, true);
    if (!next)
      return next.failure();
    found.push_back(std::move(*next));
  }
  settings.workers_per_link = wanted.workers_per_link;
  sources =
      std::make_unique<source_set>(std::move(found), copy_rules_of(settings, manifest.cipher_pass),
                                   wanted.standbys == standby_wish::preferred);
  return success();
}

graph::logical_graph backup_run::graph_of(const backup_job& job) const {
  auto shape = job.shape();
  shape.repo_host = wanted.repo_host;
  return graph::backup_graph(shape);
}

} // namespace pgbraid

// Which hosts a backup reads its files from.
// SPDX-License-Identifier: MIT
#include "cli/command/backup_run.hpp"
#include "cli/open/hosts.hpp"

#include <fmt/format.h>

namespace pgbraid::cli {

namespace {

/// A standby on this host has the targets of the primary, but its own PGDATA.
storage_opener standby_opener(const config::options& opts, size_t position,
                              const std::string& primary_path) {
  const auto open = cluster_opener(opts, position);
  return [=, own_path = opts.text("pg-path", position)](const std::string& path) {
    const bool in_data = path == primary_path || path.starts_with(primary_path + "/");
    return open(in_data ? own_path + path.substr(primary_path.size()) : path);
  };
}

} // namespace

result<backup_source> backup_run::source_at(size_t position, bool standby) {
  backup_source out{.name = fmt::format("pg{}", opts.pg_key(position)), .standby = standby};
  if (pg_is_remote(opts, position)) {
    auto host = host_of_pg(opts, position);
    if (!host)
      return host.failure();
    out.host = std::move(*host);
    out.name += fmt::format(" host '{}'", out.host->name());
    return out;
  }
  out.local = &*cluster;
  if (!standby)
    return out;
  auto opened = cluster_files::open(manifest, standby_opener(opts, position, pg_path()));
  if (!opened)
    return opened.failure();
  standby_files.push_back(std::make_unique<cluster_files>(std::move(*opened)));
  out.local = standby_files.back().get();
  return out;
}

result<void> backup_run::open_sources() {
  std::vector<backup_source> found;
  auto first = source_at(pg_position, false);
  if (!first)
    return first.failure();
  found.push_back(std::move(*first));
  for (const auto& standby : standbys) {
    auto next = source_at(standby.position, true);
    if (!next)
      return next.failure();
    found.push_back(std::move(*next));
  }
  settings.workers_per_link = workers_per_link(opts);
  sources =
      std::make_unique<source_set>(std::move(found), copy_rules_of(settings, manifest.cipher_pass),
                                   opts.text("backup-standby") == "prefer");
  return success();
}

graph::logical_graph backup_run::graph_of(const backup_job& job) const {
  auto shape = job.shape();
  if (repo_is_remote(opts, repo.position))
    shape.repo_host = opts.text("repo-host", repo.position);
  return graph::backup_graph(shape);
}

} // namespace pgbraid::cli

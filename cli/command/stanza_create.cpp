// stanza-create: which cluster it is, and each repository in turn.
// Source: cli/command/README.md, section 2.
// SPDX-License-Identifier: MIT
#include "actors/stanza/create.hpp"
#include "cli/command/commands.hpp"
#include "cli/frame/terminal.hpp"
#include "cli/open/ask_repositories.hpp"
#include "cli/open/clusters.hpp"
#include "cli/open/locks.hpp"
#include "engine/base/failures.hpp"
#include "engine/base/log.hpp"
#include "storage/cluster/open_cluster.hpp"

#include <fmt/format.h>

namespace pgbraid::cli {

namespace {

/// The cluster's control file; online it is compared with what the server says.
result<postgres::control_file> identify_cluster(const config::options& opts) {
  if (!opts.flag("online"))
    return cluster_at(opts, opts.pg_default())->control_fields();
  auto found = connect_clusters(clusters_of(opts));
  if (!found)
    return found.failure();
  auto primary = take_primary(*found);
  if (!primary)
    return primary.failure();
  auto control = (*primary)->control_fields();
  if (!control)
    return control.failure();
  if (auto same = check_cluster_path(*primary, *control); !same)
    return same.failure();
  return control;
}

} // namespace

result<int> run_stanza_create(const config::options& opts) {
  if (auto free = check_stop_file(opts); !free)
    return free.failure();
  auto locks = lock_command(opts);
  if (!locks)
    return locks.failure();
  if (opts.flag("force"))
    log::warn("option --force is no longer supported");
  auto control = identify_cluster(opts);
  if (!control)
    return control.failure();
  // One that fails keeps nobody else from being ready.
  joined_failures failed;
  std::string names;
  for (auto& one : open_each(opts)) {
    const auto created = one.said ? create_stanza(**one.said, *control) : one.said.failure();
    if (created) {
      names += fmt::format("{}repo{}", names.empty() ? "" : ", ", one.key);
      continue;
    }
    if (opts.repo_count() > 1)
      failed.add(one.key, created.failure());
    else
      failed.add(created.failure());
  }
  if (auto all = failed.outcome(); !all)
    return all.failure();
  tell_terminal(
      opts, fmt::format("stanza-create: stanza '{}' is ready in {}", opts.text("stanza"), names));
  return 0;
}

} // namespace pgbraid::cli

// expire: the manifests in backup.history that have outlived their backups for long enough.
// Source of the rules: cli/command/README.md, section 8.5.
// SPDX-License-Identifier: MIT
#include "actors/expire/expire_history.hpp"

#include "actors/expire/removal_batches.hpp"
#include "engine/base/clock.hpp"
#include "engine/base/log.hpp"
#include "engine/format/repository_path.hpp"
#include "engine/plan/expire_history.hpp"

#include <string>
#include <vector>

namespace pgbraid {

namespace {

/// Names of the entries of one kind, sorted.
result<std::vector<std::string>> names_in(storage& files, const std::string& path,
                                          entry_kind kind) {
  auto listed = files.list(path);
  if (!listed)
    return listed.failure();
  std::vector<std::string> names;
  for (const auto& one : listed->value_or(std::vector<entry>()))
    if (one.info.kind == kind)
      names.push_back(one.name);
  return names;
}

/// The newest first, as with backups.
result<void> expire_year(repository& repo, const std::string& path,
                         const plan::history_retention& keep, removals& with) {
  auto names = names_in(repo.files(), path, entry_kind::file);
  if (!names)
    return names.failure();
  removal_batches going(with);
  for (auto name = names->rbegin(); name != names->rend(); ++name) {
    if (!keep.drops_file(*name))
      continue;
    log::info("{}: remove expired backup history manifest {}", repo.name(), *name);
    if (auto done = going.add(path + "/" + *name); !done)
      return done;
  }
  return going.finish();
}

} // namespace

result<void> expire_history(repository& repo, const format::backup_info& info,
                            const plan::retention& keep, removals& with) {
  if (!keep.history_days)
    return success();
  const plan::history_retention retention(info, *keep.history_days, wall_s());
  const auto path =
      format::backup_path(repo.stanza()) + "/" + std::string(format::history_directory);
  auto years = names_in(repo.files(), path, entry_kind::path);
  if (!years)
    return years.failure();
  for (const auto& year : *years) {
    if (!retention.must_look_into(year))
      continue;
    auto done = success();
    if (!retention.drops_year(year)) {
      done = expire_year(repo, path + "/" + year, retention, with);
    } else {
      log::info("{}: remove expired backup history path {}", repo.name(), year);
      done = with.tree(path + "/" + year);
    }
    if (!done)
      return done;
  }
  return success();
}

} // namespace pgbraid

// Asking other repositories for files.
// SPDX-License-Identifier: MIT
#include "actors/restore/other_copies.hpp"

#include "actors/run/run_job.hpp"
#include "engine/base/log.hpp"
#include "engine/graph/logical.hpp"
#include "engine/plan/block_check.hpp"
#include "engine/plan/restore_copies.hpp"
#include "engine/plan/restore_order.hpp"

#include <fmt/format.h>

#include <set>
#include <string_view>
#include <utility>

namespace pgbraid {

namespace {

/// The manifest of the same backup in another repository.
result<format::manifest> load_same(backup_repository& other, const format::manifest& wanted) {
  auto found = other.repo->load_manifest(wanted.label, other.info.cipher_pass);
  if (!found)
    return found;
  if (!plan::is_same_backup(wanted, *found))
    return error{errc::backup_mismatch, "its backup of that label is another one"};
  if (auto fine = plan::check_blocks(*found, other.info); !fine)
    return fine.failure();
  return found;
}

/// What a repository could not give either, or does not have, in the order it had.
std::vector<left_file> still_left(std::vector<left_file> before,
                                  const std::vector<const format::manifest_file*>& asked,
                                  const restore_job& job, const std::string& name) {
  std::set<std::string_view> left;
  for (const auto& one : job.left()) {
    log::warn("{}: {}", name, one.why.text());
    left.insert(one.file->name);
  }
  std::set<std::string_view> restored;
  for (const auto* file : asked)
    if (!left.contains(file->name))
      restored.insert(file->name);
  std::erase_if(before, [&](const left_file& one) {
    const bool done = restored.contains(one.file->name);
    if (done)
      log::warn("'{}' was restored from {}: {}", one.name, name, one.why.text());
    return done;
  });
  return before;
}

/// One repository's part.
result<void> restore_from(std::vector<left_file>& left, const restore_context& first,
                          backup_repository& other, const actors::graph_compiler& compile) {
  const auto manifest = load_same(other, first.backup);
  if (!manifest) {
    log::warn("{} cannot help: {}", other.repo->name(), manifest.failure().text());
    return success();
  }
  std::vector<const format::manifest_file*> wanted;
  for (const auto& one : left)
    wanted.push_back(one.file);
  const auto asked = plan::same_files(*manifest, wanted);
  if (asked.empty())
    return success();
  restore_context context{.repository = other.repo->files(),
                          .stanza = other.repo->stanza(),
                          .backup = first.backup,
                          .stored = *manifest,
                          .where = first.where,
                          .rules = first.rules,
                          .owners = first.owners,
                          .tree = first.tree,
                          .may_put_aside = true,
                          .reading = reading_of(other.repo->files())};
  restore_job job(context, plan::order_files(*manifest, asked, first.rules, context.reading));
  const auto graph = graph::restore_graph(job.shape());
  if (auto ran = actors::run_job(job, compile(graph, job.use(other.repo.here))); !ran)
    return ran;
  left = still_left(std::move(left), asked, job, other.repo->name());
  return success();
}

} // namespace

result<uint64_t> restore_from_others(std::vector<left_file> left, const restore_context& first,
                                     const std::string& first_name,
                                     std::vector<backup_repository>& others,
                                     const actors::graph_compiler& compile) {
  log::warn("{} could not give {} file(s) of backup {}: other repositories are asked", first_name,
            left.size(), first.backup.label);
  const auto count = left.size();
  for (auto& other : others) {
    if (left.empty())
      break;
    if (auto done = restore_from(left, first, other, compile); !done)
      return done.failure();
  }
  if (left.empty())
    return count;
  auto what = left.front().why;
  what.hint += fmt::format("{}{} file(s) could be had from no repository that has this backup.",
                           what.hint.empty() ? "" : "\n", left.size());
  return what;
}

} // namespace pgbraid

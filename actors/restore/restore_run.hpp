// One run of a restore: what it has decided, and its steps from the first change to the last.
// Source of the order: cli/command/README.md, section 7.1.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/restore/compare_job.hpp"
#include "actors/restore/restore.hpp"
#include "actors/restore/restore_job.hpp"
#include "actors/restore/restore_source.hpp"
#include "actors/restore/restore_task.hpp"
#include "actors/restore/restore_tree.hpp"
#include "engine/base/result.hpp"
#include "engine/plan/recovery_settings.hpp"
#include "engine/plan/restore_clean.hpp"
#include "engine/plan/restore_databases.hpp"
#include "engine/plan/restore_map.hpp"
#include "engine/plan/restore_order.hpp"
#include "engine/plan/restore_owner.hpp"
#include "engine/report/restore_preview.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace pgbraid {

/// Everything a restore has decided before it changes anything.
struct restore_decisions {
  restore_source source;
  plan::restore_mapping where;
  plan::recovery_files recovery;
  plan::zeroed_databases zeroed = {};
  std::string restored_at; ///< local time, for comments
  overwrite_rules overwrite = {};
  size_t doubts = 0; ///< warnings that the restore went on in spite of
};

/// Steps are taken in the order of their declaration; up to `check` nothing is changed. What is
/// passed must outlive the run.
class restore_run {
public:
  restore_run(const restore_request& wanted, const restore_ends& between,
              restore_decisions decided);
  restore_run(const restore_run&) = delete;
  restore_run& operator=(const restore_run&) = delete;

  /// The jobs that would run, in their order: the comparison of what is there, if there is any to
  /// be made, and the restore of all files, since nobody knows yet which ones stay.
  result<std::vector<actors::drawn_job>> draw();

  /// Refuses what can be refused.
  result<void> check();
  /// What was queued belongs to the cluster that is being replaced.
  result<void> remove_spool();
  /// Cleans and builds directories and links.
  result<void> prepare();
  result<void> copy();
  /// Afterwards the cluster can be started.
  result<void> finish();

  restored_backup outcome() const;

  /// What the steps after `check` would do to each name. Changes nothing.
  result<report::restore_preview> preview();

private:
  format::manifest& backup() { return decided_.source.backup; }
  actors::drawn_job draw_copy() const;
  /// Of these files, those that may be as they should be: pg_control never is, it gets its name
  /// last; none without delta.
  std::vector<const format::manifest_file*>
  to_compare(std::span<const format::manifest_file* const> files) const;
  std::vector<const format::manifest_file*> restored_files();
  same_by compared_by() const {
    return decided_.overwrite.force ? same_by::time : same_by::content;
  }
  /// Where what is found different is copied right afterwards.
  same_by compared_to_copy() const {
    return decided_.overwrite.force ? same_by::time : same_by::content_or_blocks;
  }
  result<void> check_targets();
  result<void> check_foreign();
  result<void> check_pages();
  /// Files that stay as they are, all or some of them; none without delta.
  result<plan::file_set> find_same(std::span<const format::manifest_file* const> files,
                                   same_by how);

  const restore_request& wanted_;
  const restore_ends& between_;
  restore_decisions decided_;
  plan::restore_rules rules_;
  plan::owner_policy owners_;
  restore_tree tree_;
  restore_context context_;
  std::optional<restore_job> job_; ///< always there; made again once it is known what stays
  uint64_t from_elsewhere_ = 0;    ///< files
};

} // namespace pgbraid

// The job of restoring all files of a backup.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/restore/placed_file.hpp"
#include "engine/graph/compile.hpp"
#include "engine/graph/logical.hpp"
#include "engine/plan/restore_order.hpp"
#include "storage/repository/batches_ahead.hpp"

#include <string>
#include <vector>

namespace pgbraid {

/// A file that its repository could not give.
struct left_file {
  const format::manifest_file* file = nullptr; ///< of the backup that is restored
  std::string name;                            ///< absolute path
  error why;
};

/// Deals the batches of `plan::order_restore`, one per ask. Everything passed must outlive it.
///
/// Nothing in a batch but `plan::batch_limits::bytes` of stored bytes is held besides the chunks of
/// the lanes; a worker holds at most two batches, and the job those that are read ahead.
/// The batches are files of `restore_context::stored`, made with `restore_context::reading`.
class restore_job final : public graph::job {
public:
  restore_job(restore_context& context, std::vector<plan::restore_batch> batches);

  graph::task_list deal() override;
  result<void> settled(graph::task& done) override;

  /// What the graph compiler needs to know.
  graph::job_shape shape() const;
  /// What tasks need beside what the nodes do.
  /// @param repository_here  its files are open in this process
  graph::task_use use(bool repository_here) const;
  /// Files that were restored although the backup found wrong page checksums in them.
  uint64_t bad_page_files() const { return bad_page_files_; }
  /// Files that were put aside. Once the run has ended.
  const std::vector<left_file>& left() const { return left_; }
  uint64_t total_bytes() const { return total_bytes_; }
  uint64_t total_files() const { return total_files_; }

private:
  /// What a file takes of a file system.
  uint64_t room_for(const format::manifest_file& file) const;
  void tell(const placed_file& task) const;
  bool reads_blocks(const format::manifest_file& copy) const;

  restore_context& context_;
  std::vector<plan::restore_batch> batches_;
  size_t next_ = 0;
  batches_ahead reading_;
  uint64_t total_bytes_ = 0;
  uint64_t total_files_ = 0;
  uint64_t done_bytes_ = 0;
  uint64_t bad_page_files_ = 0;
  std::vector<left_file> left_;
};

} // namespace pgbraid

// One file of a backup on its way into the repository.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/backup/backup_job.hpp"
#include "actors/backup/bundle_file.hpp"
#include "actors/backup/remote_batch.hpp"

namespace pgbraid {

/// Whether the content of a file is made on this host instead of being read (pg_control).
bool is_made_here(std::string_view name);

/// Where the file comes from and goes to.
struct backup_route {
  uint32_t file_index = 0;
  remote_wish wish;
  const format::manifest_file* before = {}; ///< of the prior backup, if the content may be the same
  const format::manifest_file* resumed = {}; ///< of the incomplete one, if it is to be compared
  std::string target_path = {};              ///< when stored alone
  std::shared_ptr<bundle_file> bundle = {};  ///< when bundled
  size_t member = 0;                         ///< its place in the bundle
  uint32_t bundle_id = 0;
  std::shared_ptr<small_files> prefetch = {}; ///< for sources on this host
  size_t prefetch_index = 0;
  std::shared_ptr<remote_batch> remote = {}; ///< for sources on other hosts
  size_t remote_index = 0;
};

/// Reads on this host, where the kernels are still to come, or takes final bytes from another.
class backup_task final : public graph::task {
public:
  backup_task(const backup_job& of, backup_route route)
      : job_(of), route_(std::move(route)), blocks_(route_.wish.blocks) {}

  result<bool> open(const graph::worker_tools& tools) override;
  bool readable(std::chrono::milliseconds wait) override {
    return !remote_ || remote_->readable(wait);
  }
  result<size_t> read(byte_span out) override {
    return remote_ ? remote_->read(out) : local_->read(out);
  }
  std::unique_ptr<codec::stream> open_stream(codec::kernel& kernel) override;
  bool ready_to_write(std::chrono::milliseconds wait) override;
  result<void> write(byte_view in) override;
  result<void> finish(const graph::file_streams& streams) override;
  result<bool> settled(bool wait) override;
  std::string name() const override { return route_.wish.file.name; }

  const backup_route& route() const { return route_; }

  // What was learned; valid once settled.
  copy_results learned = {};
  size_t source = 0; ///< where it was read
  uint64_t stored_bytes = 0;
  uint64_t bundle_offset_bytes = 0;
  uint64_t map_bytes = 0; ///< stored size of the block map; 0: not in blocks

private:
  result<void> choose_source();
  result<bool> open_local(const graph::worker_tools& tools);
  result<bool> leave_out(task_outcome how);
  bool has_turn() const { return !route_.bundle || route_.bundle->has_turn(route_.member); }
  byte_view without_stale(byte_view in);
  result<void> open_writer();
  result<void> end_blocks();
  bool is_as_before() const;
  result<void> leave_bundle();
  result<void> remove_written();

  const backup_job& job_;
  backup_route route_;
  io::io_engine* engine_ = nullptr;
  source_lease lease_; ///< of this host; that of others is with `remote_`
  std::unique_ptr<local_file> local_;
  std::unique_ptr<remote_file> remote_;
  const std::shared_ptr<block_copy> blocks_; ///< null: the file is stored whole
  uint64_t taken_bytes_ = 0;                 ///< all that came from `remote_`
  uint64_t begun_at_ = 0;                    ///< as far as `remote_` was heard of
  std::unique_ptr<io::writer> writer_;
};

} // namespace pgbraid

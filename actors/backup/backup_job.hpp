// The copying part of a backup: a job of the graph that fills a manifest.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/backup/block_copy.hpp"
#include "actors/backup/copy_chain.hpp"
#include "actors/backup/local_file.hpp"
#include "actors/backup/source_set.hpp"
#include "engine/codec/compress.hpp"
#include "engine/graph/compile.hpp"
#include "engine/graph/logical.hpp"
#include "engine/graph/task.hpp"
#include "engine/plan/backup_batches.hpp"
#include "engine/plan/block_size.hpp"
#include "engine/plan/resume.hpp"
#include "storage/repository/repository.hpp"

#include <functional>
#include <optional>
#include <set>

namespace pgbraid {

struct backup_settings {
  compress_type compression = compress_type::none;
  int compress_level = 0;
  codec::gz_engine gz = codec::gz_engine::automatic;
  bool fuse = true; ///< also on other hosts
  bool checksum_page = false;
  uint32_t page_bytes = 8192;
  bool page_header_check = true;
  bool page_errors_end_it = false; ///< checksum-page-error
  plan::batch_rules rules = {};
  /// 8192 bytes that are stored as global/pg_control (validated when they were read).
  std::vector<std::byte> control_file = {};
  std::optional<plan::block_rules> blocks = {}; ///< files are stored in blocks
  bool raw_members = false; ///< of bundles are in raw containers, as in the rest of the set
  /// What a diff or incr builds on; outlives the job. Null: nothing.
  const format::manifest* prior = nullptr;
  bool delta = false; ///< contents are compared, not times
  /// What this backup goes on with, and what becomes of each file; outlive the job. Null: nothing.
  const format::manifest* partial = nullptr;
  const std::vector<plan::resumed_file>* resumed = nullptr;
  postgres::version_number version = 0;
  /// Workers on each connection to another host that has data.
  uint32_t workers_per_link = 1;
};

/// What the command wants to hear of.
struct backup_hooks {
  /// Plain bytes done; called by the collector as files become durable.
  std::function<result<void>(uint64_t done_bytes)> progress = {};
  /// About once a second, between files.
  std::function<result<void>()> tick = {};
};

class backup_task;
struct backup_route;

/// What hosts of the data do to the bytes of files; the passphrase is that of the manifest.
wire::copy_rules copy_rules_of(const backup_settings& settings, const secret& cipher_pass);

/// Copies all files of a manifest that do not refer to another backup, nor are kept of an
/// incomplete one, into the directory of the backup and completes their entries: size, checksums,
/// where they are stored, what the page check said. Those whose content turns out to be that of the
/// prior backup refer to it. Files that vanished are marked; `remove_vanished` takes them out at
/// the end. The paths to write into must be there.
///
/// Threads: the dealer makes tasks from entries that were not dealt yet, the collector completes
/// entries of durable tasks; these are never the same entry.
class backup_job final : public graph::job {
public:
  /// All references must outlive the job.
  /// @param names  the walked cluster; where the primary is another host only its names are used
  backup_job(format::manifest& into, const cluster_files& names, source_set& from, repository& to,
             backup_settings settings, backup_hooks hooks);
  ~backup_job() override;

  /// What the graph compiler and `--explain` want to know.
  graph::job_shape shape() const;

  graph::task_list deal() override;
  graph::settling_limits settling() const override;
  result<void> settled(graph::task& done) override;
  result<void> tick() override;

  /// What tasks need beside what the nodes do: windows of small files, and roots.
  /// @param repository_here  its files are open in this process
  graph::task_use use(bool repository_here) const;

  /// Plain bytes of all files that are copied or compared, at the start.
  uint64_t total_bytes() const { return total_bytes_; }
  void remove_vanished();
  size_t vanished_count() const { return vanished_.size(); }
  /// Paths in the manifest that were gone, too, when a file in them was to be read.
  const std::set<std::string>& gone_paths() const { return gone_paths_; }
  /// Files with bad pages.
  uint64_t page_warnings() const { return page_warnings_; }
  /// Paths of the repository that files are written into.
  std::set<std::string> target_paths() const;
  /// Paths of the repository that got files: to be synced before the manifest is written.
  const std::set<std::string>& touched_paths() const { return touched_paths_; }

private:
  friend class backup_task;

  std::string stored_path(std::string_view name) const;
  /// Index of the backup that is being made in `references`.
  uint32_t own_reference() const { return static_cast<uint32_t>(manifest_.references.size() - 1); }
  std::optional<block_wish> blocks_of(const format::manifest_file& file) const;
  void note_memory(const format::manifest_file& file, const block_wish& wish);
  void compare_with_prior(const format::manifest_file& file,
                          const std::optional<block_wish>& blocks, backup_route& route) const;
  bool is_resumed(uint32_t index, plan::resumed_file how) const {
    return settings_.resumed && (*settings_.resumed)[index] == how;
  }
  wire::copied_file remote_file_of(const format::manifest_file& file, bool for_standby) const;
  void touch(const format::manifest_file& file);
  void record(format::manifest_file& file, const backup_task& done);
  /// The path that messages show of a file: `/data/base/5/1259`, of another host `db2:/data/...`.
  std::string shown_path(const format::manifest_file& file, const backup_task& done) const;
  result<void> report_pages(const format::manifest_file& file, const backup_task& done);
  result<void> note_pages(format::manifest_file& file, const backup_task& done);
  void log_file(const format::manifest_file& file, const backup_task& done);

  format::manifest& manifest_;
  source_set& sources_;
  const cluster_files& names_;
  repository& repo_;
  const backup_settings settings_;
  const backup_hooks hooks_;
  codec::file_rules rules_;
  std::vector<plan::batch> batches_;
  size_t next_batch_ = 0;
  uint64_t total_bytes_ = 0;
  uint64_t block_memory_ = 0;  ///< that a file in blocks takes at most while it is copied
  uint64_t served_memory_ = 0; ///< and where another host copies it
  uint64_t done_bytes_ = 0;
  std::vector<uint32_t> vanished_;
  std::set<std::string> gone_paths_;
  uint64_t page_warnings_ = 0;
  std::set<std::string> touched_paths_;
};

} // namespace pgbraid

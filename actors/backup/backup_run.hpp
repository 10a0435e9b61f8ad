// One run of a backup: what it knows and its steps, in the order in which they are taken.
// Source of the order: cli/command/README.md, section 5.1.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/backup/backup.hpp"
#include "actors/backup/backup_job.hpp"
#include "actors/backup/start_stop.hpp"
#include "engine/base/clock.hpp"
#include "engine/plan/backup_basis.hpp"
#include "engine/plan/backup_changes.hpp"
#include "engine/plan/resume.hpp"
#include "engine/plan/vanished_paths.hpp"
#include "storage/cluster/open_cluster.hpp"
#include "storage/repository/backup_claim.hpp"

#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace pgbraid {

/// Everything one run knows, in the order in which it is learned; its steps are taken in the order
/// of their declaration.
struct backup_run {
  const backup_request& wanted;
  const backup_ends& between;
  repository& repo = between.to;
  format::backup_info info = {};
  std::string archive_id = {};
  std::shared_ptr<cluster> source = {}; ///< the primary's, or the stopped one
  std::optional<open_cluster> primary = {};
  std::vector<open_cluster> standbys = {}; ///< to be read
  loaded_control control = {};
  plan::backup_basis basis = {}; ///< type and prior
  plan::common_rules rules = {}; ///< of the whole set
  /// None: a full backup. Its files are packed until changes are found; those that are not
  /// referred to are in it then.
  std::optional<format::manifest> prior = {};
  format::packed_files prior_files = {};
  int64_t start_s = 0;
  std::optional<backup_begin> begun = {};
  format::manifest manifest = {};
  std::vector<std::string> gone_paths = {}; ///< that the walk did not find any more
  plan::catalog_places places = {};         ///< at the time of the walk
  std::optional<format::manifest> partial =
      {}; ///< the incomplete backup that this one goes on with
  std::vector<plan::resumed_file> resumed = {}; ///< then of each file of the manifest
  std::unique_ptr<backup_claim> claim = {};     ///< on the directory, once there is one
  std::optional<cluster_files> files = {};
  std::vector<std::unique_ptr<cluster_files>> standby_files = {}; ///< of standbys on this host
  backup_settings settings = {};
  std::unique_ptr<source_set> sources = {}; ///< where `copy` reads; lost ones can be dropped
  uint64_t written_progress = 0;
  uint64_t saved_bytes = 0; ///< done when the manifest copy was saved last
  monotonic::time_point saved_at = monotonic::now();
  monotonic::duration save_took{0};
  monotonic::time_point pinged_at = monotonic::now();
  monotonic::time_point standbys_pinged_at = monotonic::now();

  result<void> open();
  /// Publishes an earlier backup that is complete but for its WAL, when this has arrived. Returns
  /// whether there was one; then this run is over.
  result<bool> complete_earlier();
  result<void> choose_type();
  result<void> start();
  result<void> build_manifest();
  result<void> find_changes();
  /// Of each file of the manifest; after `find_changes`.
  std::vector<plan::file_change> changes() const;
  result<void> choose_label();
  /// What is stored of the files that are kept is read back, all else goes.
  result<void> check_resumed();
  result<void> make_directories();
  result<void> open_sources();
  graph::logical_graph graph_of(const backup_job& job) const;
  result<void> copy();
  result<void> stop();
  result<void> publish();
  /// Takes back what was done in the repository, or leaves it to the next backup; says why that is
  /// so.
  error give_up(error why);
  /// Finds what can be gone on with; without it the repository is not changed.
  result<void> look_for_resumable();

private:
  result<void> open_cluster_of_run();
  result<void> connect();
  result<void> require_stopped();
  result<void> check_standby_files();
  void settle_checksum_page();
  result<void> load_prior();
  result<void> refer_to_prior();
  result<void> choose_passphrase();
  /// Whether every path of the cluster has one in the backup; otherwise those that hold files.
  bool has_all_paths() const;
  result<void> check_references() const;
  result<void> copy_segments(const std::vector<std::string>& segments);
  std::string_view full_label() const;
  result<void> walk();
  result<void> ask_catalogs(cluster_walk_options& wanted_of_walk);
  result<backup_source> source_at(cluster& one, bool standby);
  result<void> check_label();
  result<std::optional<disk_backup>> find_incomplete(std::vector<disk_backup>& found,
                                                     bool changes_nothing);
  result<void> settle_incomplete(std::vector<disk_backup>& found);
  plan::resume_wish resume_wish() const;
  /// What the incomplete backup has of each file, as far as that can be told without reading.
  void choose_resumed();
  std::optional<std::string> load_partial(const disk_backup& of);
  result<void> take_directory();
  result<bool> is_nobodys(const std::string& label, bool changes_nothing);
  result<bool> find_finished();
  result<bool> is_sound();
  result<bool> has_own_wal();
  result<std::optional<std::string>> find_hindrance();
  result<bool> take_finished();
  result<void> publish_finished();
  result<void> choose_next_label(const std::string& free);
  void keep_claim(std::unique_ptr<backup_claim> taken);
  result<void> take_claim();
  /// Unchanged files become links; wished for where there are none, it does nothing.
  bool links_files() const { return wanted.hardlink && repo.files().features().hardlinks; }
  /// What was begun under one label is gone on with under another: its directory is renamed.
  bool can_resume() const { return wanted.resume && repo.files().features().rename; }
  result<void> take_over();
  result<std::vector<entry>> list_directory();
  result<void> drop_damaged(const std::vector<entry>& tree);
  void note_kept();
  void forget_partial();
  bool leave_directory();
  result<void> save_copy();
  bool is_time_to_save(uint64_t done_bytes, uint64_t total_bytes) const;
  result<void> wait_for_segments();
  result<void> make_target_paths(const backup_job& job);
  result<plan::catalog_places> current_places();
  result<void> check_gone(const std::set<std::string>& paths);
  result<void> note_losses(const backup_job& job);
  void refresh_info();
  result<void> link_tablespaces();
  void fill_cluster();
  void fill_settings();
  void fill_options();
  result<void> show_progress(uint64_t done_bytes, uint64_t total_bytes);
  result<void> keep_alive();
  result<void> check_standbys();
  result<void> sync_directories(const backup_job& job);
};

/// The segments that a stopped backup needs.
result<std::vector<std::string>> segments_of(const format::manifest& stopped,
                                             uint32_t segment_bytes);

/// What a run that was told to stop ends with.
error stopped_by_signal();

} // namespace pgbraid

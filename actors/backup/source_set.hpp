// The hosts that the files of a backup are read from: the primary, and standbys.
// Source of who reads what: cli/command/README.md, section 5.3.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/backup/copy_client.hpp"
#include "engine/base/clock.hpp"
#include "engine/plan/source_choice.hpp"
#include "storage/cluster/cluster_files.hpp"

#include <chrono>

namespace pgbraid {

/// One host that has the cluster.
struct backup_source {
  std::string name; ///< for messages: `pg2 host 'db2'`
  bool standby = false;
  /// This host: its files. Must outlive the backup.
  const cluster_files* local = nullptr;
  /// Another host; null for this one.
  std::shared_ptr<link::remote_host> host = {};
};

class source_set;

/// Some files that are read from one source; they count as in flight until this goes.
class source_lease {
public:
  source_lease() = default;
  source_lease(source_set& of, size_t source, uint64_t bytes);
  source_lease(source_lease&& other) noexcept;
  source_lease& operator=(source_lease&& other) noexcept;
  ~source_lease();

  size_t source() const { return source_; }
  /// A file arrived.
  void delivered(uint64_t plain_bytes);

private:
  void end();
  source_set* of_ = nullptr;
  size_t source_ = 0;
  uint64_t asked_bytes_ = 0;
  uint64_t done_bytes_ = 0;
  uint64_t done_files_ = 0;
};

/// Chooses a source for each piece of work when it begins, so that all of them end together, and
/// leaves out those that were lost. Thread-safe.
class source_set {
public:
  /// @param sources  one primary and any number of standbys
  /// @param fall_back  the primary may take over when the last standby is lost
  source_set(std::vector<backup_source> sources, wire::copy_rules rules, bool fall_back);

  /// As of `copy_client`, for all of them.
  void allow_blocks(uint64_t memory_bytes);

  /// @param for_standby  the file may come from a standby; it does so if there is one
  /// Fails with the error of the last source that could have had it.
  result<source_lease> choose(bool for_standby, uint64_t bytes);
  /// Work for a source that is known already.
  source_lease lease(size_t source, uint64_t bytes);
  /// The files of a source on this host; null for others.
  const cluster_files* local(size_t source) const { return sources_[source].about.local; }
  copy_client& client(size_t source) { return *sources_[source].client; }
  /// Nothing is read from there any more, because of this; what is on its way may still arrive.
  void drop(size_t source, const error& why);
  bool is_dropped(size_t source) const;

  const std::vector<backup_source>& all() const { return described_; }
  size_t primary() const;
  /// The files of this host, if it is a source.
  const cluster_files* local_files() const;
  /// Whether files of this kind may be read on this host while no source is lost.
  bool reads_here(bool for_standby) const;
  /// Names of the hosts that are read, for the graph; empty for this one.
  std::vector<std::string> hosts() const;
  /// Whether any bytes come from another host.
  bool has_remote() const;
  /// What a source delivered so far.
  struct total {
    uint64_t files = 0;
    uint64_t bytes = 0;
  };
  total done(size_t source) const;
  /// How much came from where (DETAIL).
  void log_totals() const;

private:
  friend class source_lease;
  struct state {
    backup_source about;
    std::unique_ptr<copy_client> client;
    plan::source_load load = {};
    uint64_t leases = 0;
    monotonic::time_point busy_since = {};
    uint64_t files = 0;
    std::optional<error> lost = {};
  };
  std::optional<size_t> pick(bool standby, uint64_t bytes) const;
  source_lease begin(size_t source, uint64_t bytes);
  void end(size_t source, uint64_t asked_bytes, uint64_t done_bytes, uint64_t done_files);

  const std::vector<backup_source> described_;
  const bool fall_back_;
  bool has_standby_ = false;
  mutable std::mutex mutex_;
  std::vector<state> sources_;
};

} // namespace pgbraid

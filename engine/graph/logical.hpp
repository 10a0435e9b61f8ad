// The logical graph of a job: which steps the bytes of its files pass, before anything is placed.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace pgbraid::graph {

enum class node_kind : uint8_t {
  read,       ///< backup: a cluster file
  page_check, ///< backup: PostgreSQL page checksums
  checksum,   ///< SHA-1 of the plain bytes
  compress,
  encrypt,
  repo_checksum, ///< backup: SHA-1 of the stored bytes
  bundle,        ///< backup: puts small files one behind the other
  write,         ///< backup: a repository file
  fetch,         ///< restore: a repository file or a part of a bundle
  decrypt,
  decompress,
  place, ///< restore: a cluster file
};

std::string_view node_name(node_kind kind);

/// What limits a node: the cores, or waiting for a device.
enum class node_load : uint8_t { cpu, blocking };

struct node {
  node_kind kind = node_kind::read;
  node_load load = node_load::cpu;
  /// Where it runs; several hosts of the same data are separated by ", ".
  std::string host = "local";
  /// CPU seconds per GiB of input, measured on one core (bench/README.md, "Priors of the graph").
  double cost_s_per_gib = 0;
  /// Estimated bytes in and out of this node over the whole job.
  uint64_t in_bytes = 0;
  uint64_t out_bytes = 0;
};

/// Nodes are joined in order by edges: files differ in which of two tails they take (bundle or
/// not), never in the order of the steps, so an edge needs no more than its two ends.
struct edge {
  size_t from = 0;
  size_t to = 0;
};

struct logical_graph {
  std::string job; ///< "backup" or "restore"
  std::vector<node> nodes;
  std::vector<edge> edges;
  uint64_t file_count = 0;
  uint64_t plain_bytes = 0;
};

/// What decides the nodes of a backup or a restore.
struct job_shape {
  bool page_check = false;
  std::string compression = "none"; ///< name of the type
  bool cipher = false;
  bool bundle = false;
  uint64_t file_count = 0;
  uint64_t plain_bytes = 0;
  uint64_t bundled_bytes = 0; ///< the part of the plain bytes that travels in bundles
  uint64_t stored_bytes = 0;  ///< restore: known from the manifest; backup: 0, estimated
  /// Backup: the hosts that files are read from; an empty name or none is this host.
  std::vector<std::string> data_hosts = {};
  std::string repo_host = {}; ///< the host of the repository; empty: this one
};

/// Everything that makes bytes final runs where the data is; bundles are put together where the
/// command runs.
logical_graph backup_graph(const job_shape& shape);
logical_graph restore_graph(const job_shape& shape);

} // namespace pgbraid::graph

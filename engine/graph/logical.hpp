// The logical graph of a job: which steps the bytes of its files pass, before anything is placed.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/graph/node_rows.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace pgbraid::graph {

/// One step, with all that its kernel is made from.
struct node {
  const node_row* row = nullptr; ///< never null in a graph
  /// Shared by the nodes of a graph, and by all that copy them.
  std::shared_ptr<const codec::file_rules> rules = {};
  /// Where it runs; several hosts of the same data are separated by ", ".
  std::string host = "local";
  bool here = true; ///< one of these hosts is this one
  /// 0: every byte passes it; else the number of the branch it is in.
  size_t branch = 0;
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

/// One source, and a trunk that all bytes pass. Then its end, or several branches, each with its
/// own nodes, its own end and its own failure.
struct logical_graph {
  std::string job; ///< "backup", "restore", "compare", "verify" or "push"
  std::vector<node> nodes;
  std::vector<edge> edges;
  size_t branches = 0; ///< behind the trunk; 0: it has an end of its own
  uint64_t file_count = 0;
  uint64_t plain_bytes = 0;
};

/// Chunks that a file on its way through the graph takes at most: the one that was read, and one
/// for each node that changes bytes. Memory is counted, and taken, by this.
size_t chunks_of(const logical_graph& graph);

/// What decides the nodes of a backup or a restore.
struct job_shape {
  codec::file_rules rules = {};
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
/// @param steps  what may happen to the bytes; must outlive the graph
logical_graph backup_graph(const job_shape& shape,
                           std::span<const node_row> steps = packing_rows());
logical_graph restore_graph(const job_shape& shape,
                            std::span<const node_row> steps = unpacking_rows());
/// Files that are only looked at: the checksum of their bytes, which go nowhere.
logical_graph compare_graph(const job_shape& shape);
/// Files of a repository that are only read back: the checksum of what the rules make of them.
logical_graph read_back_graph(const job_shape& shape);
/// One file into several repositories. No checksum is made but that of the plain bytes.
/// @param shared  what is done to it for all of them
/// @param each    what is done after that for each: one branch
logical_graph push_graph(codec::file_rules shared, std::span<const codec::file_rules> each);

/// One file from the container that it is in into another one. What it makes is the checksum of the
/// plain bytes.
logical_graph repack_graph(const codec::file_rules& from, codec::file_rules to);

} // namespace pgbraid::graph

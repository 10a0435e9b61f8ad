// The kinds of nodes: one row for each, in the order in which the bytes of a file meet them.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/codec/compress_memory.hpp"
#include "engine/codec/file_rules.hpp"
#include "engine/codec/kernel.hpp"
#include "engine/io/descriptor_limit.hpp"

#include <memory>
#include <span>
#include <string_view>

namespace pgbraid::graph {

/// What limits a node: the cores, or waiting for a device.
enum class node_load : uint8_t { cpu, blocking };

/// What a kernel knows of a file when all of it went by.
enum class finding : uint8_t { none, pages, checksum, repo_checksum };

/// What the compiler expects of a node.
struct node_prior {
  /// CPU seconds per GiB of input, measured on one core (bench/README.md, "Priors of the graph").
  double cost_s_per_gib = 0;
  double ratio = 1; ///< bytes out for each byte in
};

/// All that is the same of a node wherever it stands. To add one is to add its row to a table in
/// node_rows.cpp, and its kernel to `engine/codec`; the chain, the memory and `--explain` follow.
struct node_row {
  std::string_view name; ///< as `--explain` has it
  node_load load = node_load::cpu;
  node_prior prior = {};
  /// Where the prior depends on the rules.
  node_prior (*prior_of)(const codec::file_rules&) = nullptr;

  /// Whether files by these rules pass it; null: all do.
  bool (*wanted)(const codec::file_rules&) = nullptr;
  /// Makes its kernel; null where bytes only come from or go to.
  result<std::unique_ptr<codec::kernel>> (*make)(const codec::file_rules&) = nullptr;
  bool changes_bytes = false; ///< `transforms()` of its kernel: it fills chunks of its own
  bool gives_plain = false;   ///< what it puts out is the plain file, the size of which is known
  finding finds = finding::none;
  /// What its kernel takes beside chunks; null: nothing to speak of.
  codec::compress_memory (*memory)(const codec::file_rules&) = nullptr;
  /// Files that are stepped together where this node is the slowest of its graph; 0: never is.
  size_t lanes = 0;

  bool in_repository = false; ///< its file is one of the repository
  /// Of a file in a lane, and of one that is being made durable.
  size_t lane_descriptors = 0;
  size_t settling_descriptors = 0;
};

/// From the bytes of a cluster's file to those of a repository's. Rows live as long as the process.
std::span<const node_row> packing_rows();
/// And back. Takes both containers, see `engine/codec/container_kernel.hpp`.
std::span<const node_row> unpacking_rows();

// Where bytes come from and go to.

/// Backup: a cluster file.
inline constexpr node_row read_row{.name = "read",
                                   .load = node_load::blocking,
                                   .prior = {0.05},
                                   .lane_descriptors = io::reader_descriptors};
/// Backup: puts small files one behind the other.
inline constexpr node_row bundle_row{.name = "bundle", .prior = {0.02}};
/// Backup: a repository file.
inline constexpr node_row write_row{.name = "write",
                                    .load = node_load::blocking,
                                    .prior = {0.42},
                                    .in_repository = true,
                                    .lane_descriptors = io::writer_descriptors,
                                    .settling_descriptors = io::writer_descriptors};
/// Restore: a repository file or a part of a bundle.
inline constexpr node_row fetch_row{.name = "fetch",
                                    .load = node_load::blocking,
                                    .prior = {0.05},
                                    .in_repository = true,
                                    .lane_descriptors = io::reader_descriptors};
/// The SHA-1 of what goes by.
extern const node_row checksum_row;
/// Restore: a cluster file.
inline constexpr node_row place_row{.name = "place",
                                    .load = node_load::blocking,
                                    .prior = {0.42},
                                    .lane_descriptors = io::writer_descriptors,
                                    .settling_descriptors = io::writer_descriptors};

} // namespace pgbraid::graph

// The graph compiler: fuses nodes into stages and sizes pools, lanes and memory.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/graph/logical.hpp"

#include <optional>

namespace pgbraid::graph {

/// What the compiler knows of the machine and the wishes of the user.
struct machine {
  size_t cores = 1;
  /// `process-max`: the ceiling of the CPU pool. Empty: the pool sizes itself up to the cores.
  std::optional<size_t> process_max = {};
  bool fuse = true;
  /// Files that a worker may step together, where the nodes would like more.
  size_t lanes_max = SIZE_MAX;
  /// Memory of one worker's I/O engine (its write slabs).
  uint64_t engine_bytes = 0;
  /// Descriptors that this process may have; 0: not counted.
  size_t descriptors_max = 0;
};

/// What the tasks of a job need besides what its nodes do.
struct task_use {
  uint64_t bytes_per_worker = 0;
  /// Of each file in a lane.
  uint64_t bytes_per_file = 0;
  /// Of the job, whatever its workers have.
  uint64_t shared_bytes = 0;
  /// Files of the repository are open in this process.
  bool repository_here = true;
  /// How many files of a worker may be that; see `settling_limits`.
  size_t settling_files = 64;
  /// Those that the job has open whatever its workers do: one for each root.
  size_t shared_descriptors = 0;
};

/// Neighbouring nodes that run as one actor.
struct stage {
  std::vector<size_t> nodes; ///< indexes into the logical graph, in order
  std::string host = "local";
};

struct compiled_graph {
  logical_graph logical; ///< what was compiled, and is run
  std::vector<stage> stages;
  size_t workers_min = 1; ///< workers at the start; fixed when equal to the ceiling
  size_t workers_max = 1;
  size_t lanes = 1; ///< files stepped together in each worker
  size_t slabs_per_worker = 1;
  uint64_t budget_bytes = 0; ///< the ceiling of memory of the whole job
  /// Files of each worker that may be on their way to being durable, see `settling_limits`.
  size_t settling_files = 0;
  /// The ceiling of descriptors of the whole process.
  size_t budget_descriptors = 0;
  /// More workers were wished for than descriptors allow.
  bool lacks_descriptors = false;
};

/// Fusion rule: cheap nodes must not pay a cache miss, so everything that touches the bytes of one
/// file on one host becomes one lane (ARCHITECTURE.md, "The engine"). Without `fuse` every node is
/// its own stage, and one file passes each chain of stages at a time.
///
/// Descriptors are shared out so that all workers can go on: first fewer files wait for their
/// commit, then workers beyond the cores go, then lanes, then workers.
///
/// Chunks, tables of kernels and open files are those of the nodes; a chain is made of the same.
compiled_graph compile(logical_graph logical, const machine& on, const task_use& use = {});

/// Both graphs as text, for `--explain`.
std::string explain(const compiled_graph& compiled, const machine& on);

} // namespace pgbraid::graph

// Runs a job on the actor system and waits for its end.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/graph/compile.hpp"
#include "engine/graph/task.hpp"
#include "engine/io/io_engine.hpp"

namespace pgbraid::actors {

struct run_settings {
  graph::compiled_graph graph; ///< the kernels are those of its nodes
  bool fuse = true;
  io::io_mode mode = io::io_mode::automatic;
  io::io_limits limits = {};
  /// The process ends with this job, so this job looks after termination signals. Off where
  /// somebody else does, who may run several jobs; a signal ends this job all the same.
  bool minds_signals = true;
};

/// Runs all tasks of `work`. Returns the first error of any worker, or `term` after a termination
/// signal; whatever was being written then is abandoned and no thread is left. Bounded: a run whose
/// actors do not end after the outcome is known is reported and the process exits (122).
result<void> run_job(graph::job& work, const run_settings& settings);

} // namespace pgbraid::actors

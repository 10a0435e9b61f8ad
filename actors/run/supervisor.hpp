// The supervisor: spawns everything, keeps the first error, stops in order.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/run/lane_worker.hpp"
#include "actors/run/messages.hpp"
#include "engine/graph/compile.hpp"

#include <future>

namespace pgbraid::actors {

struct supervisor_settings {
  graph::compiled_graph graph;
  bool fuse = true;
  io::io_mode mode = io::io_mode::automatic;
  io::io_limits limits = {};
  /// Without a single step for this long the run fails.
  std::chrono::seconds stall_limit{1800};
};

/// Spawns dealer, collector and workers, monitors the workers, and turns the first failure (or a
/// termination signal) into the end of the run: the stop flag is set, workers leave at their next
/// step, the collector drains, and `done` gets the outcome. Quits after that.
caf::behavior supervisor(caf::event_based_actor* self, run_state_ptr run,
                         supervisor_settings settings,
                         std::shared_ptr<std::promise<result<void>>> done);

} // namespace pgbraid::actors

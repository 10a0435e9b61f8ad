// The worker of the fused graph: an actor that steps lanes.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/run/messages.hpp"
#include "engine/io/io_engine.hpp"

namespace pgbraid::actors {

struct worker_settings {
  size_t number = 0; ///< from 0; the dealer parks workers above the pool's present size
  size_t lanes = 1;
  size_t settling_files = 0; ///< that descriptors allow; the job may want fewer
  io::io_mode mode = io::io_mode::automatic;
  io::io_limits limits = {};
};

/// Asks the dealer for tasks, runs them in its lanes and sends durable ones to the collector.
/// Quits when the dealer has no more and everything is settled, when the run is stopped, and after
/// it reported a failure. Dies with no one; the supervisor monitors it.
caf::behavior lane_worker(caf::event_based_actor* self, run_state_ptr run, caf::actor supervisor,
                          caf::actor dealer, caf::actor collector, worker_settings settings);

} // namespace pgbraid::actors

// The stages of the unfused graph: every node is an actor of its own.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/run/messages.hpp"

namespace pgbraid::actors {

/// Pieces that may be on their way over one edge. Two keep both ends busy.
inline constexpr size_t edge_window = 2;

/// What the stages of one chain share; they pass one file after the other.
struct chain_links {
  run_state_ptr run;
  caf::actor supervisor;
  std::shared_ptr<graph::chain> kernels;
};

/// Asks the dealer, opens tasks and pushes what it reads. Quits after the dealer's "none".
caf::behavior source_stage(caf::event_based_actor* self, chain_links links, size_t number,
                           caf::actor dealer, caf::actor collector, caf::actor next);
/// Runs one kernel on what comes by; gives credit back when a piece is consumed or passed on.
/// Quits when its source has no more.
caf::behavior kernel_stage(caf::event_based_actor* self, chain_links links, size_t position,
                           caf::actor next);
/// Writes pieces, finishes files and sends them to the collector. Quits when its source has no
/// more.
caf::behavior sink_stage(caf::event_based_actor* self, chain_links links, caf::actor collector);

} // namespace pgbraid::actors

// The collector: takes the results of durable files, one at a time.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/run/messages.hpp"

namespace pgbraid::actors {

/// Hands every settled task to the job and ticks it about once a second. Answers the supervisor's
/// finish with its own when all results are in, and quits.
caf::behavior collector(caf::event_based_actor* self, run_state_ptr run, caf::actor supervisor);

} // namespace pgbraid::actors

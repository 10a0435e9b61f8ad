// The dealer: gives tasks to workers that ask, and sizes the pool.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/run/messages.hpp"
#include "engine/plan/pool_size.hpp"

namespace pgbraid::actors {

/// Answers every ask with work, or with "none" once all is dealt or the run is stopped. Workers
/// above the pool's present size wait until it grows, others while the job may get more. Quits when
/// the supervisor says finish.
caf::behavior dealer(caf::event_based_actor* self, run_state_ptr run, caf::actor supervisor,
                     plan::pool_limits limits);

} // namespace pgbraid::actors

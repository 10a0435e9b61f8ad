// The dealer: gives tasks to workers that ask, and sizes the pool.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/run/messages.hpp"
#include "engine/plan/pool_size.hpp"

namespace pgbraid::actors {

/// Nothing is dealt while so many tasks wait for the collector, which may be writing a manifest.
inline constexpr uint64_t most_uncollected = 4096;

/// Answers every ask with work, or with "none" once all is dealt or the run is stopped. Workers
/// above the pool's present size wait until it grows, others while the job may get more, or until
/// the collector has caught up. Quits when the supervisor says finish.
caf::behavior dealer(caf::event_based_actor* self, run_state_ptr run, caf::actor supervisor,
                     plan::pool_limits limits);

} // namespace pgbraid::actors

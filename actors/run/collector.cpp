// The collector.
// SPDX-License-Identifier: MIT
#include "actors/run/collector.hpp"

namespace pgbraid::actors {

namespace {

constexpr auto tick_every = std::chrono::seconds(1);

void report(caf::event_based_actor* self, const run_state_ptr& run, const caf::actor& supervisor,
            const result<void>& outcome) {
  if (outcome)
    return;
  run->stop = true;
  self->send(supervisor, fail_atom::value, share(outcome.failure()));
}

} // namespace

caf::behavior collector(caf::event_based_actor* self, run_state_ptr run, caf::actor supervisor) {
  self->delayed_send(self, tick_every, tick_atom::value);
  return {
      [=](settled_atom, const task_list_ptr& tasks) {
        guarded(self, supervisor, [&] {
          run->settled += tasks->size();
          for (const auto& task : *tasks)
            report(self, run, supervisor, run->work->settled(*task));
          if (run->held.exchange(false))
            run->bell.ring();
        });
      },
      [=](tick_atom) {
        guarded(self, supervisor, [&] {
          if (!run->stop)
            report(self, run, supervisor, run->work->tick());
        });
        self->delayed_send(self, tick_every, tick_atom::value);
      },
      [=](finish_atom) {
        self->send(supervisor, finish_atom::value);
        self->quit();
      },
  };
}

} // namespace pgbraid::actors

// The dealer.
// SPDX-License-Identifier: MIT
#include "actors/run/dealer.hpp"

#include "engine/base/clock.hpp"

#include <deque>
#include <map>

namespace pgbraid::actors {

namespace {

constexpr auto sample_every = std::chrono::milliseconds(100);

struct dealer_state {
  caf::event_based_actor* self;
  run_state_ptr run;
  plan::pool_limits limits;
  plan::pool_state pool;
  std::map<size_t, caf::actor> parked; ///< by number of the worker
  /// Found nothing, or was too far ahead, but may later; the one that waits longest comes first.
  std::deque<std::pair<size_t, caf::actor>> waiting;
  bool exhausted = false;
  uint64_t sampled_bytes = 0;
  monotonic::time_point sampled_at = monotonic::now();

  void ask(size_t number, const caf::actor& worker);
  void tick();
  void more();
  void finish();

private:
  void answer(size_t number, const caf::actor& worker);
  bool is_too_far_ahead();
  void dismiss_idle();
};

/// Whether the collector has more to do than it should: it rings the bell then.
bool dealer_state::is_too_far_ahead() {
  const auto uncollected = [&] { return run->handed_over - run->settled; };
  if (uncollected() < most_uncollected)
    return false;
  // Looked at again: what was collected before this was said rang no bell.
  run->held = true;
  return uncollected() >= most_uncollected;
}

void dealer_state::answer(size_t number, const caf::actor& worker) {
  if (!exhausted && !run->stop && is_too_far_ahead()) {
    waiting.emplace_back(number, worker);
    return;
  }
  auto tasks = exhausted || run->stop ? graph::task_list{} : run->work->deal();
  run->dealt += tasks.size();
  if (!tasks.empty()) {
    self->send(worker, work_atom::value, std::make_shared<graph::task_list>(std::move(tasks)));
    return;
  }
  if (!exhausted && !run->stop && run->work->more_to_come()) {
    waiting.emplace_back(number, worker);
    return;
  }
  exhausted = true;
  self->send(worker, none_atom::value);
  dismiss_idle();
}

void dealer_state::dismiss_idle() {
  for (const auto& [number, worker] : parked)
    self->send(worker, none_atom::value);
  for (const auto& [number, worker] : waiting)
    self->send(worker, none_atom::value);
  parked.clear();
  waiting.clear();
}

void dealer_state::more() {
  for (const auto& [number, worker] : std::exchange(waiting, {}))
    answer(number, worker);
}

void dealer_state::ask(size_t number, const caf::actor& worker) {
  if (!exhausted && !run->stop && number >= pool.workers)
    parked[number] = worker;
  else
    answer(number, worker);
}

void dealer_state::tick() {
  if (exhausted || run->stop) {
    exhausted = true;
    return dismiss_idle();
  }
  const auto now = monotonic::now();
  const uint64_t bytes = run->bytes_read;
  pool = plan::next_pool_size(pool,
                              {.bytes = bytes - sampled_bytes,
                               .seconds = std::chrono::duration<double>(now - sampled_at).count()},
                              limits);
  sampled_bytes = bytes;
  sampled_at = now;
  while (!parked.empty() && parked.begin()->first < pool.workers) {
    const auto [number, worker] = *parked.begin();
    parked.erase(parked.begin());
    answer(number, worker);
    if (exhausted)
      return;
  }
  self->delayed_send(self, sample_every, tick_atom::value);
}

void dealer_state::finish() {
  // Handles keep actors alive; letting go of them is what ends the circle.
  parked.clear();
  waiting.clear();
  self->quit();
}

} // namespace

caf::behavior dealer(caf::event_based_actor* self, run_state_ptr run, caf::actor supervisor,
                     plan::pool_limits limits) {
  auto state = std::make_shared<dealer_state>();
  state->self = self;
  state->run = std::move(run);
  state->limits = limits;
  state->pool.workers = limits.min_workers;
  self->delayed_send(self, sample_every, tick_atom::value);
  return {
      [=](ask_atom, size_t number) {
        guarded(self, supervisor,
                [&] { state->ask(number, caf::actor_cast<caf::actor>(self->current_sender())); });
      },
      [=](tick_atom) { guarded(self, supervisor, [&] { state->tick(); }); },
      [=](more_atom) { guarded(self, supervisor, [&] { state->more(); }); },
      [=](finish_atom) { state->finish(); },
  };
}

} // namespace pgbraid::actors

// The supervisor.
// SPDX-License-Identifier: MIT
#include "actors/run/supervisor.hpp"

#include "actors/run/collector.hpp"
#include "actors/run/dealer.hpp"
#include "actors/run/stage.hpp"
#include "engine/base/clock.hpp"
#include "engine/base/stop_signal.hpp"

#include <fmt/format.h>

#include <csignal>

namespace pgbraid::actors {

namespace {

constexpr auto look_every = std::chrono::milliseconds(50);

std::string signal_name(int number) {
  const char* name = sigabbrev_np(number);
  return name ? std::string("SIG") + name : std::to_string(number);
}

struct supervisor_state {
  caf::event_based_actor* self;
  run_state_ptr run;
  supervisor_settings settings;
  std::shared_ptr<std::promise<result<void>>> done;

  caf::actor the_dealer;
  caf::actor the_collector;
  std::vector<caf::actor> workers;
  size_t alive = 0;
  std::optional<error> first_error;
  bool draining = false;
  bool collector_gone = false;
  uint64_t seen_steps = 0;
  monotonic::time_point moved_at = monotonic::now();

  result<void> begin();
  void fail(const error& what);
  void worker_down(const caf::down_msg& note);
  void look();
  void finish();

private:
  void watch(const caf::actor& worker) {
    self->monitor(worker);
    workers.push_back(worker);
    ++alive;
  }
  result<void> spawn_chain(size_t number);
  void drain_if_alone();
};

result<void> supervisor_state::spawn_chain(size_t number) {
  auto kernels = graph::chain::make(*run->graph);
  if (!kernels)
    return kernels.failure();
  const chain_links links{run, self, std::make_shared<graph::chain>(std::move(*kernels))};
  auto next = self->spawn(sink_stage, links, the_collector);
  watch(next);
  for (size_t i = links.kernels->size(); i-- > 0;) {
    next = self->spawn(kernel_stage, links, i, next);
    watch(next);
  }
  watch(self->spawn(source_stage, links, number, the_dealer, the_collector, next));
  return success();
}

result<void> supervisor_state::begin() {
  const caf::actor me = self;
  the_dealer = self->spawn(
      dealer, run, me, plan::pool_limits{settings.graph.workers_min, settings.graph.workers_max});
  run->bell.hang(the_dealer);
  run->work->on_change([run = run] { run->bell.ring(); });
  the_collector = self->spawn(collector, run, me);
  self->monitor(the_collector);
  for (size_t i = 0; i < settings.graph.workers_max; ++i) {
    if (!settings.fuse) {
      if (auto spawned = spawn_chain(i); !spawned)
        return spawned;
      continue;
    }
    watch(self->spawn(lane_worker, run, me, the_dealer, the_collector,
                      worker_settings{i, settings.graph.lanes, settings.graph.settling_files,
                                      settings.mode, settings.limits}));
  }
  self->delayed_send(self, look_every, tick_atom::value);
  return success();
}

void supervisor_state::fail(const error& what) {
  run->stop = true;
  if (!first_error)
    first_error = what;
  // One more step lets those see the stop that wait for work or credit.
  for (const auto& worker : workers)
    self->send(worker, step_atom::value);
  drain_if_alone();
}

void supervisor_state::worker_down(const caf::down_msg& note) {
  if (the_collector && note.source == the_collector.address()) {
    collector_gone = true;
    // Not at once: down messages overtake others, and what it reported is still to be read.
    if (draining)
      self->send(self, finish_atom::value);
    return;
  }
  --alive;
  if (note.reason && note.reason != caf::exit_reason::normal)
    return fail({errc::unhandled, "worker ended unexpectedly: " + to_string(note.reason)});
  drain_if_alone();
}

void supervisor_state::drain_if_alone() {
  if (alive > 0 || draining)
    return;
  draining = true;
  if (collector_gone)
    self->send(self, finish_atom::value);
  self->send(the_dealer, finish_atom::value);
  self->send(the_collector, finish_atom::value);
}

void supervisor_state::look() {
  if (const int number = stop_signal; number != 0 && !first_error)
    fail({errc::term, "terminated on signal " + signal_name(number)});
  const auto now = monotonic::now();
  // With nothing in hand there is nothing that could be stuck.
  const bool in_hand = run->dealt != run->settled;
  if (const uint64_t steps = run->steps; steps != seen_steps || !in_hand) {
    seen_steps = steps;
    moved_at = now;
  } else if (now - moved_at > settings.stall_limit && !first_error) {
    fail({errc::runtime,
          "no progress for " + std::to_string(settings.stall_limit.count()) + " seconds",
          "Is the storage still answering?"});
  }
  self->delayed_send(self, look_every, tick_atom::value);
}

void supervisor_state::finish() {
  the_dealer = nullptr;
  the_collector = nullptr;
  workers.clear();
  if (!first_error && run->dealt != run->settled)
    first_error = error{errc::assertion, fmt::format("{} of {} files were left behind",
                                                     run->dealt - run->settled, run->dealt.load())};
  done->set_value(first_error ? result<void>(*first_error) : success());
  self->quit();
}

} // namespace

caf::behavior supervisor(caf::event_based_actor* self, run_state_ptr run,
                         supervisor_settings settings,
                         std::shared_ptr<std::promise<result<void>>> done) {
  auto state = std::make_shared<supervisor_state>();
  state->self = self;
  state->run = std::move(run);
  state->settings = std::move(settings);
  state->done = std::move(done);
  self->set_down_handler([=](const caf::down_msg& note) { state->worker_down(note); });
  if (auto begun = state->begin(); !begun)
    state->fail(begun.failure());
  return {
      [=](fail_atom, const failure_ptr& what) { state->fail(*what); },
      [=](tick_atom) { state->look(); },
      [=](finish_atom) { state->finish(); },
  };
}

} // namespace pgbraid::actors

// The worker of the fused graph.
// SPDX-License-Identifier: MIT
#include "actors/run/lane_worker.hpp"

#include "engine/graph/lane_group.hpp"

#include <algorithm>
#include <deque>
#include <iterator>
#include <utility>

namespace pgbraid::actors {

namespace {

constexpr size_t handed_over_together = 64;

/// All memory of one worker. Kernels, lanes and the I/O engine are made with the first task, so
/// that workers which are never needed cost nothing.
struct lane_worker_state {
  caf::event_based_actor* self;
  run_state_ptr run;
  caf::actor supervisor;
  caf::actor dealer;
  caf::actor collector;
  worker_settings settings;

  std::unique_ptr<io::io_engine> engine;
  graph::worker_tools tools;
  std::unique_ptr<graph::lane_group> lanes;
  std::deque<graph::task_ptr> queue;
  graph::task_list done; ///< not yet handed over
  uint64_t reported_bytes = 0;
  bool asked = false;
  bool exhausted = false;
  bool stepping = false;

  void begin() { ask(); }
  void take(const task_list_ptr& tasks);
  void no_more();
  void step();

private:
  void ask();
  void go_on();
  result<void> prepare();
  result<void> advance();
  result<void> deliver(bool wait);
  void fail(const error& what);
  void leave();
};

void lane_worker_state::ask() {
  if (asked || exhausted)
    return;
  asked = true;
  self->send(dealer, ask_atom::value, settings.number);
}

void lane_worker_state::go_on() {
  if (stepping)
    return;
  stepping = true;
  self->send(self, step_atom::value);
}

void lane_worker_state::take(const task_list_ptr& tasks) {
  asked = false;
  for (auto& task : *tasks)
    queue.push_back(std::move(task));
  go_on();
}

void lane_worker_state::no_more() {
  asked = false;
  exhausted = true;
  go_on();
}

result<void> lane_worker_state::prepare() {
  auto made = io::io_engine::make(settings.mode, settings.limits);
  if (!made)
    return made.failure();
  engine = std::move(*made);
  tools.engine = engine.get();
  auto kernels = graph::chain::make(*run->graph);
  if (!kernels)
    return kernels.failure();
  auto limits = run->work->settling();
  limits.files = std::min(limits.files, settings.settling_files);
  auto group =
      graph::lane_group::make(std::move(*kernels), settings.lanes, *run->pool, tools, limits);
  if (!group)
    return group.failure();
  lanes = std::move(*group);
  return success();
}

result<void> lane_worker_state::advance() {
  if (!lanes)
    if (auto ready = prepare(); !ready)
      return ready;
  while (!queue.empty() && lanes->free_lanes() > 0) {
    auto started = lanes->start(std::move(queue.front()));
    queue.pop_front();
    if (!started)
      return started;
  }
  auto stepped = lanes->step();
  run->bytes_read += lanes->bytes_read() - reported_bytes;
  reported_bytes = lanes->bytes_read();
  if (lanes->moved())
    ++run->steps;
  return stepped;
}

/// Small files of a batch are handed over by the dozen: a message for each costs more than they do.
result<void> lane_worker_state::deliver(bool wait) {
  auto settled = lanes->take_settled(wait);
  if (!settled)
    return settled.failure();
  done.insert(done.end(), std::make_move_iterator(settled->begin()),
              std::make_move_iterator(settled->end()));
  if (done.empty() || (done.size() < handed_over_together && !queue.empty()))
    return success();
  hand_over(self, *run, collector, std::exchange(done, {}));
  return success();
}

void lane_worker_state::step() {
  stepping = false;
  if (run->stop)
    return leave();
  if (!lanes && queue.empty())
    return exhausted ? leave() : ask();
  if (auto moved = advance(); !moved)
    return fail(moved.failure());

  const bool lanes_busy = lanes->free_lanes() < settings.lanes || !queue.empty();
  if (auto delivered = deliver(!lanes_busy); !delivered)
    return fail(delivered.failure());
  if (queue.empty() && lanes->free_lanes() > 0)
    ask();
  if (lanes_busy || !lanes->idle())
    go_on();
  else if (exhausted)
    leave();
}

void lane_worker_state::fail(const error& what) {
  run->stop = true;
  self->send(supervisor, fail_atom::value, share(what));
  leave();
}

void lane_worker_state::leave() {
  if (!done.empty())
    hand_over(self, *run, collector, std::exchange(done, {}));
  // Order matters: tasks hold writers, and writers hold slabs and operations of the engine.
  queue.clear();
  lanes.reset();
  engine.reset();
  self->quit();
}

} // namespace

caf::behavior lane_worker(caf::event_based_actor* self, run_state_ptr run, caf::actor supervisor,
                          caf::actor dealer, caf::actor collector, worker_settings settings) {
  auto state = std::make_shared<lane_worker_state>();
  state->self = self;
  state->run = std::move(run);
  state->supervisor = supervisor;
  state->dealer = std::move(dealer);
  state->collector = std::move(collector);
  state->settings = settings;
  state->begin();
  return {
      [=](work_atom, const task_list_ptr& tasks) {
        guarded(self, supervisor, [&] { state->take(tasks); });
      },
      [=](none_atom) { guarded(self, supervisor, [&] { state->no_more(); }); },
      [=](step_atom) { guarded(self, supervisor, [&] { state->step(); }); },
  };
}

} // namespace pgbraid::actors

// The stages of the unfused graph.
// SPDX-License-Identifier: MIT
#include "actors/run/stage.hpp"

#include <deque>

namespace pgbraid::actors {

namespace {

// How late a stage that waits for another host may notice a stop.
constexpr auto longest_wait = std::chrono::milliseconds(20);

/// What every stage has: a way to fail, and credit for the edge behind it.
struct stage_base {
  caf::event_based_actor* self;
  chain_links links;
  caf::actor next;
  size_t credit = edge_window;
  bool stepping = false;

  void go_on() {
    if (std::exchange(stepping, true))
      return;
    self->send(self, step_atom::value);
  }
  void fail(const error& what) {
    links.run->stop = true;
    self->send(links.supervisor, fail_atom::value, share(what));
    leave();
  }
  void push(piece_ptr out) {
    assert(credit > 0);
    --credit;
    self->send(next, push_atom::value, std::move(out));
  }
  void end() {
    if (next)
      self->send(next, none_atom::value);
    leave();
  }
  void leave() {
    next = nullptr;
    self->quit();
  }
};

struct source_state : stage_base {
  size_t number = 0;
  caf::actor dealer;
  caf::actor collector;
  std::deque<graph::task_ptr> queue;
  file_run_ptr file;
  bool asked = false; ///< one ask at a time: a second one could be answered "none" too early
  bool exhausted = false;

  void step();

private:
  result<void> open_next();
  void read_piece();
};

result<void> source_state::open_next() {
  auto work = std::move(queue.front());
  queue.pop_front();
  auto opened = work->open({});
  if (!opened && !work->put_aside(opened.failure()))
    return opened.failure();
  if (!opened || !*opened) {
    hand_over(self, *links.run, collector, {std::move(work)});
    return success();
  }
  file = std::make_shared<file_run>();
  file->work = std::move(work);
  file->streams = links.kernels->open(
      [this](codec::kernel& kernel) { return file->work->open_stream(kernel); });
  return success();
}

void source_state::read_piece() {
  auto out = std::make_shared<piece>();
  out->memory = links.run->pool->try_take();
  assert(out->memory); // every edge window is in the budget
  size_t count = 0;
  if (!file->broken) {
    auto got = file->work->read(out->memory->room().first(chunk_bytes));
    if (!got)
      file->fail(got.failure());
    count = got ? *got : 0;
  }
  // What failed ends here; its last piece takes that to the sink.
  out->data = codec::window_of(out->memory->room().first(count), count < chunk_bytes);
  links.run->bytes_read += count;
  ++links.run->steps;
  out->file = file;
  if (out->data.last)
    file = nullptr;
  push(std::move(out));
}

void source_state::step() {
  stepping = false;
  if (links.run->stop)
    return end();
  if (!file && queue.empty()) {
    if (exhausted)
      return end();
    if (!std::exchange(asked, true))
      self->send(dealer, ask_atom::value, number);
    return;
  }
  if (credit == 0)
    return; // the credit message comes back here
  if (file && !file->broken && !file->work->readable(longest_wait))
    return go_on();
  if (file)
    read_piece();
  else if (auto opened = open_next(); !opened)
    return fail(opened.failure());
  go_on();
}

struct kernel_state : stage_base {
  size_t position = 0;
  caf::actor previous;
  std::deque<piece_ptr> pending;
  bool ended = false;

  void step();

private:
  codec::kernel& kernel() { return (*links.kernels)[position]; }
  void consumed();
  void pass_by();
  void observe();
  void transform();
};

void kernel_state::consumed() {
  pending.pop_front();
  self->send(previous, credit_atom::value);
}

/// Hands the piece on as it came.
void kernel_state::pass_by() {
  auto same = pending.front();
  consumed();
  push(std::move(same));
}

void kernel_state::observe() {
  auto& in = *pending.front();
  if (auto seen = codec::observe(kernel(), *in.file->streams.at(position), in.data); !seen)
    in.file->fail(seen.failure().within(in.file->work->name()));
  pass_by();
}

void kernel_state::transform() {
  auto& in = *pending.front();
  auto out = std::make_shared<piece>();
  out->memory = links.run->pool->try_take();
  assert(out->memory);
  out->file = in.file;
  if (auto stepped = codec::transform(kernel(), *in.file->streams.at(position), in.data,
                                      out->memory->room(), out->data);
      !stepped) {
    in.file->fail(stepped.failure().within(in.file->work->name()));
    return pass_by();
  }
  if (!in.data.fresh)
    consumed();
  if (out->data.fresh)
    push(std::move(out));
}

void kernel_state::step() {
  stepping = false;
  if (links.run->stop)
    return end();
  if (pending.empty()) {
    if (ended)
      end();
    return;
  }
  if (credit == 0)
    return;
  const auto& file = *pending.front()->file;
  if (file.broken || file.streams.at(position) == nullptr)
    pass_by();
  else if (kernel().transforms())
    transform();
  else
    observe();
  go_on();
}

struct sink_state : stage_base {
  caf::actor collector;
  /// Finished and not yet durable: members of a bundle wait for its last one.
  std::deque<graph::task_ptr> settling;

  result<void> take(const piece& in);
  result<void> settle();

private:
  result<void> write(const piece& in);
  result<void> give_up(file_run& file);
};

result<void> sink_state::settle() {
  graph::task_list done;
  while (!settling.empty()) {
    auto durable = settling.front()->settled(true);
    if (!durable)
      return durable.failure();
    if (!*durable)
      break;
    done.push_back(std::move(settling.front()));
    settling.pop_front();
  }
  if (!done.empty())
    hand_over(self, *links.run, collector, std::move(done));
  return success();
}

/// The end of a file that failed somewhere.
result<void> sink_state::give_up(file_run& file) {
  if (!file.work->put_aside(*file.why))
    return *file.why;
  hand_over(self, *links.run, collector, {file.work});
  return success();
}

result<void> sink_state::take(const piece& in) {
  auto& file = *in.file;
  if (!file.broken)
    if (auto written = write(in); !written)
      file.fail(written.failure());
  if (!in.data.last || (links.run->stop && !file.broken))
    return success();
  if (file.broken)
    return give_up(file);
  settling.push_back(file.work);
  return settle();
}

result<void> sink_state::write(const piece& in) {
  auto& work = *in.file->work;
  // One chain passes the members of a bundle in order: only another host can make it wait.
  while (!work.ready_to_write(longest_wait))
    if (links.run->stop)
      return success();
  if (!in.data.bytes.empty())
    if (auto written = work.write(in.data.bytes); !written)
      return written;
  return in.data.last ? work.finish(in.file->streams) : success();
}

} // namespace

caf::behavior source_stage(caf::event_based_actor* self, chain_links links, size_t number,
                           caf::actor dealer, caf::actor collector, caf::actor next) {
  auto state = std::make_shared<source_state>();
  static_cast<stage_base&>(*state) = {.self = self, .links = links, .next = std::move(next)};
  state->number = number;
  state->dealer = std::move(dealer);
  state->collector = std::move(collector);
  state->go_on();
  return {
      [=](work_atom, const task_list_ptr& tasks) {
        guarded(self, links.supervisor, [&] {
          state->asked = false;
          for (auto& task : *tasks)
            state->queue.push_back(std::move(task));
          state->go_on();
        });
      },
      [=](none_atom) {
        state->asked = false;
        state->exhausted = true;
        state->go_on();
      },
      [=](credit_atom) {
        ++state->credit;
        state->go_on();
      },
      [=](step_atom) { guarded(self, links.supervisor, [&] { state->step(); }); },
  };
}

caf::behavior kernel_stage(caf::event_based_actor* self, chain_links links, size_t position,
                           caf::actor next) {
  auto state = std::make_shared<kernel_state>();
  static_cast<stage_base&>(*state) = {.self = self, .links = links, .next = std::move(next)};
  state->position = position;
  return {
      [=](push_atom, const piece_ptr& in) {
        state->previous = caf::actor_cast<caf::actor>(self->current_sender());
        state->pending.push_back(in);
        state->go_on();
      },
      [=](credit_atom) {
        ++state->credit;
        state->go_on();
      },
      [=](none_atom) {
        state->ended = true;
        state->go_on();
      },
      [=](step_atom) { guarded(self, links.supervisor, [&] { state->step(); }); },
  };
}

caf::behavior sink_stage(caf::event_based_actor* self, chain_links links, caf::actor collector) {
  auto state = std::make_shared<sink_state>();
  static_cast<stage_base&>(*state) = {.self = self, .links = links, .next = nullptr};
  state->collector = std::move(collector);
  return {
      [=](push_atom, const piece_ptr& in) {
        guarded(self, links.supervisor, [&] {
          if (links.run->stop)
            return state->leave();
          ++links.run->steps;
          if (auto taken = state->take(*in); !taken)
            return state->fail(taken.failure());
          self->send(caf::actor_cast<caf::actor>(self->current_sender()), credit_atom::value);
        });
      },
      [=](none_atom) {
        guarded(self, links.supervisor, [&] {
          // The last member of a bundle may have vanished: then nothing but the end tells.
          auto settled = links.run->stop ? success() : state->settle();
          settled ? state->leave() : state->fail(settled.failure());
        });
      },
      [=](step_atom) {
        if (links.run->stop)
          state->leave();
      },
  };
}

} // namespace pgbraid::actors

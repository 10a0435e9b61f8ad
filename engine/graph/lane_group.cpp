// The fused graph: lanes, steps and settling.
// SPDX-License-Identifier: MIT
#include "engine/graph/lane_group.hpp"

#include "engine/base/clock.hpp"

#include <algorithm>

namespace pgbraid::graph {

namespace {

// Nothing tells which of several lanes can go on first, so they are waited for in turns that begin
// short and grow; the longest is how late a stop may be noticed.
constexpr auto shortest_wait = std::chrono::milliseconds(1);
constexpr auto longest_wait = std::chrono::milliseconds(50);

} // namespace

std::unique_ptr<codec::stream> task::open_stream(codec::kernel& kernel) {
  return kernel.open();
}

bool task::put_aside(const error&) {
  return false;
}

bool task::readable(std::chrono::milliseconds) {
  return true;
}

bool task::ready_to_write(std::chrono::milliseconds) {
  return true;
}

result<std::unique_ptr<lane_group>> lane_group::make(chain kernels, size_t lanes, slab_pool& pool,
                                                     const worker_tools& tools,
                                                     const settling_limits& settling) {
  assert(lanes >= 1);
  const auto buffers = kernels.chunks();
  std::unique_ptr<lane_group> group(new lane_group(std::move(kernels), tools, settling));
  group->lanes_.resize(lanes);
  for (auto& at : group->lanes_) {
    at.buffers.resize(buffers);
    for (auto& piece : at.buffers) {
      piece.memory = pool.try_take();
      if (!piece.memory)
        return error{errc::memory, "no chunk memory left for another lane"};
    }
  }
  return group;
}

lane_group::~lane_group() = default;

size_t lane_group::free_lanes() const {
  return static_cast<size_t>(
      std::ranges::count_if(lanes_, [](const lane& at) { return at.work == nullptr; }));
}

bool lane_group::idle() const {
  return free_lanes() == lanes_.size() && settling_.empty() && skipped_.empty();
}

result<void> lane_group::start(task_ptr work) {
  auto opened = work->open(tools_);
  if (!opened && !work->put_aside(opened.failure()))
    return opened.failure();
  if (!opened || !*opened) {
    skipped_.push_back(std::move(work));
    return success();
  }
  const auto at = std::ranges::find_if(lanes_, [](const lane& l) { return l.work == nullptr; });
  assert(at != lanes_.end());
  at->work = std::move(work);
  at->streams =
      kernels_.open([&at](codec::kernel& kernel) { return at->work->open_stream(kernel); });
  for (auto& piece : at->buffers)
    piece = buffer{.memory = std::move(piece.memory)};
  at->written_bytes = 0;
  at->source_ended = false;
  return success();
}

/// Frees the lane of a task that takes its failure on itself.
result<void> lane_group::give_up(lane& at, const error& why) {
  if (!at.work->put_aside(why))
    return why;
  skipped_.push_back(std::move(at.work));
  at.work = nullptr;
  moved_ = true;
  return success();
}

result<void> lane_group::refill(lane& at) {
  auto& first = at.buffers.front();
  if (first.data.fresh || at.source_ended || !at.work->readable({}))
    return success();
  auto got = at.work->read(first.memory->room().first(chunk_bytes));
  if (!got)
    return give_up(at, got.failure());
  moved_ = true;
  bytes_read_ += *got;
  at.source_ended = *got < chunk_bytes;
  first.data = codec::window_of(first.memory->room().first(*got), at.source_ended);
  first.observed = 0;
  return success();
}

/// The step of the streams that were added.
result<void> lane_group::run_kernel(size_t position) {
  for (const auto& broken : stepper_.run(kernels_[position])) {
    auto& at = *stepped_[broken.number];
    if (auto left = give_up(at, broken.why.within(at.work->name())); !left)
      return left;
  }
  stepped_.clear();
  return success();
}

result<void> lane_group::run_observer(size_t position, size_t buffer_index) {
  for (auto& at : lanes_) {
    if (!at.work || !at.streams.at(position))
      continue;
    auto& from = at.buffers[buffer_index];
    if (!from.data.fresh || from.observed > position)
      continue;
    from.observed = position + 1;
    stepper_.observe(*at.streams.at(position), from.data);
    stepped_.push_back(&at);
  }
  return run_kernel(position);
}

void lane_group::bypass(size_t position, size_t buffer_index) {
  for (auto& at : lanes_) {
    if (!at.work || at.streams.at(position))
      continue;
    auto& from = at.buffers[buffer_index];
    auto& to = at.buffers[buffer_index + 1];
    if (!from.data.fresh || to.data.fresh)
      continue;
    std::swap(from, to);
    to.observed = 0;
    moved_ = true;
  }
}

result<void> lane_group::run_transform(size_t position, size_t buffer_index) {
  bypass(position, buffer_index);
  for (auto& at : lanes_) {
    if (!at.work || !at.streams.at(position))
      continue;
    auto& from = at.buffers[buffer_index];
    auto& to = at.buffers[buffer_index + 1];
    if (!from.data.fresh || to.data.fresh)
      continue;
    to.observed = 0;
    stepper_.transform(*at.streams.at(position), from.data, to.memory->room(), to.data);
    stepped_.push_back(&at);
    moved_ = true;
  }
  return run_kernel(position);
}

/// Hands the last buffer to the task.
result<void> lane_group::pass_on(lane& at) {
  auto& from = at.buffers.back();
  if (!from.data.bytes.empty())
    if (auto written = at.work->write(from.data.bytes); !written)
      return written;
  at.written_bytes += from.data.bytes.size();
  from.data.fresh = false;
  return from.data.last ? at.work->finish(at.streams) : success();
}

result<void> lane_group::drain(lane& at) {
  auto& from = at.buffers.back();
  if (!from.data.fresh || !at.work->ready_to_write({}))
    return success();
  moved_ = true;
  if (auto passed = pass_on(at); !passed)
    return give_up(at, passed.failure());
  if (!from.data.last)
    return success();
  settling_.push_back({std::move(at.work), std::min(at.written_bytes, limits_.writer_bytes)});
  settling_bytes_ += settling_.back().bytes;
  at.work = nullptr;
  return success();
}

void lane_group::wait_for_one() {
  if (free_lanes() == lanes_.size())
    return;
  slice_ = std::clamp(slice_ * 2, shortest_wait, longest_wait);
  const auto begun = monotonic::now();
  for (size_t i = 0; i < lanes_.size(); ++i) {
    const auto& at = lanes_[turn_];
    turn_ = (turn_ + 1) % lanes_.size();
    if (!at.work)
      continue;
    const bool ready =
        at.buffers.back().data.fresh ? at.work->ready_to_write(slice_) : at.work->readable(slice_);
    if (ready || monotonic::now() - begun >= slice_)
      return;
  }
  // Those that only wait for each other's turn did not wait.
  sleep_through(slice_);
}

result<void> lane_group::step() {
  moved_ = false;
  for (auto& at : lanes_)
    if (at.work)
      if (auto read = refill(at); !read)
        return read;

  size_t buffer_index = 0;
  for (size_t position = 0; position < kernels_.size(); ++position) {
    const bool transforms = kernels_[position].transforms();
    auto ran =
        transforms ? run_transform(position, buffer_index) : run_observer(position, buffer_index);
    if (!ran)
      return ran;
    buffer_index += transforms ? 1 : 0;
  }

  for (auto& at : lanes_)
    if (at.work)
      if (auto drained = drain(at); !drained)
        return drained;
  if (moved_)
    slice_ = {};
  else
    wait_for_one();
  return success();
}

result<task_list> lane_group::take_settled(bool wait) {
  auto done = std::exchange(skipped_, {});
  while (!settling_.empty()) {
    auto& oldest = settling_.front();
    const bool must_wait = settling_.size() > limits_.files || settling_bytes_ > limits_.bytes ||
                           (wait && done.empty());
    auto ready = oldest.work->settled(must_wait);
    if (!ready)
      return ready.failure();
    if (!*ready)
      break;
    settling_bytes_ -= oldest.bytes;
    done.push_back(std::move(oldest.work));
    settling_.pop_front();
  }
  return done;
}

} // namespace pgbraid::graph

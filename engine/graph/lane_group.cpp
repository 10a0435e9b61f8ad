// The fused graph: lanes, steps and settling.
// SPDX-License-Identifier: MIT
#include "engine/graph/lane_group.hpp"

#include <algorithm>

namespace pgbraid::graph {

namespace {

// Files whose fsync is still under way keep a descriptor each.
constexpr size_t max_settling = 64;

} // namespace

std::unique_ptr<codec::stream> task::open_stream(size_t, codec::kernel& kernel) {
  return kernel.open();
}

size_t lane_group::slabs_per_lane(const chain& kernels) {
  return 1 + static_cast<size_t>(std::ranges::count_if(
                 kernels, [](const auto& kernel) { return kernel->transforms(); }));
}

result<std::unique_ptr<lane_group>> lane_group::make(chain kernels, size_t lanes, slab_pool& pool,
                                                     const worker_tools& tools) {
  assert(lanes >= 1);
  const auto buffers = slabs_per_lane(kernels);
  std::unique_ptr<lane_group> group(new lane_group(std::move(kernels), tools));
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
  if (!opened)
    return opened.failure();
  if (!*opened) {
    skipped_.push_back(std::move(work));
    return success();
  }
  const auto at = std::ranges::find_if(lanes_, [](const lane& l) { return l.work == nullptr; });
  assert(at != lanes_.end());
  at->work = std::move(work);
  at->streams.clear();
  for (size_t i = 0; i < kernels_.size(); ++i)
    at->streams.push_back(at->work->open_stream(i, *kernels_[i]));
  for (auto& piece : at->buffers)
    piece = buffer{.memory = std::move(piece.memory)};
  at->finished.assign(kernels_.size(), false);
  at->source_ended = at->done = false;
  return success();
}

result<void> lane_group::refill(lane& at) {
  auto& first = at.buffers.front();
  if (first.fresh || at.source_ended)
    return success();
  auto got = at.work->read(first.memory->room().first(chunk_bytes));
  if (!got)
    return got.failure();
  bytes_read_ += *got;
  first.data = byte_view(first.memory->room()).first(*got);
  first.last = at.source_ended = *got < chunk_bytes;
  first.observed = 0;
  first.fresh = true;
  return success();
}

result<void> lane_group::run_observer(size_t position, size_t buffer_index) {
  jobs_.clear();
  for (auto& at : lanes_) {
    if (!at.work || !at.streams[position])
      continue;
    auto& from = at.buffers[buffer_index];
    if (!from.fresh || from.observed > position)
      continue;
    from.observed = position + 1;
    jobs_.push_back({.state = at.streams[position].get(), .in = from.data, .last = from.last});
    owners_.push_back(&at);
  }
  if (!jobs_.empty())
    kernels_[position]->run(jobs_);
  for (size_t i = 0; i < jobs_.size(); ++i)
    if (jobs_[i].failure)
      return jobs_[i].failure->within(owners_[i]->work->name());
  return success();
}

result<void> lane_group::run_transform(size_t position, size_t buffer_index) {
  jobs_.clear();
  for (auto& at : lanes_) {
    if (!at.work)
      continue;
    const auto& from = at.buffers[buffer_index];
    auto& to = at.buffers[buffer_index + 1];
    if (!from.fresh || to.fresh || at.finished[position])
      continue;
    jobs_.push_back({.state = at.streams[position].get(),
                     .in = from.data,
                     .last = from.last,
                     .out = to.memory->room()});
    owners_.push_back(&at);
  }
  if (!jobs_.empty())
    kernels_[position]->run(jobs_);
  for (size_t i = 0; i < jobs_.size(); ++i) {
    auto& step = jobs_[i];
    if (step.failure)
      return step.failure->within(owners_[i]->work->name());
    auto& from = owners_[i]->buffers[buffer_index];
    auto& to = owners_[i]->buffers[buffer_index + 1];
    from.data = step.in;
    from.fresh = !step.in.empty() || (step.last && !step.finished);
    const auto room = to.memory->room();
    to.data = byte_view(room).first(room.size() - step.out.size());
    to.last = step.finished;
    to.observed = 0;
    to.fresh = !to.data.empty() || to.last;
    owners_[i]->finished[position] = step.finished;
  }
  return success();
}

result<void> lane_group::drain(lane& at) {
  auto& from = at.buffers.back();
  if (!from.fresh || !at.work->ready_to_write())
    return success();
  if (!from.data.empty())
    if (auto written = at.work->write(from.data); !written)
      return written;
  from.fresh = false;
  if (!from.last)
    return success();
  if (auto finished = at.work->finish(at.streams); !finished)
    return finished;
  settling_.push_back(std::move(at.work));
  at.work = nullptr;
  return success();
}

result<void> lane_group::step() {
  for (auto& at : lanes_)
    if (at.work)
      if (auto read = refill(at); !read)
        return read;

  size_t buffer_index = 0;
  for (size_t position = 0; position < kernels_.size(); ++position) {
    owners_.clear();
    const bool transforms = kernels_[position]->transforms();
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
  return success();
}

result<task_list> lane_group::take_settled(bool wait) {
  auto done = std::exchange(skipped_, {});
  while (!settling_.empty()) {
    const bool must_wait = settling_.size() > max_settling || (wait && done.empty());
    auto ready = settling_.front()->settled(must_wait);
    if (!ready)
      return ready.failure();
    if (!*ready)
      break;
    done.push_back(std::move(settling_.front()));
    settling_.pop_front();
  }
  return done;
}

} // namespace pgbraid::graph

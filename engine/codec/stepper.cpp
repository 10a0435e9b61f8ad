// What a step makes of the windows at both ends of a kernel.
// SPDX-License-Identifier: MIT
#include "engine/codec/stepper.hpp"

namespace pgbraid::codec {

namespace {

job observed(stream& state, const window& from) {
  return {.state = &state, .in = from.bytes, .last = from.last};
}

job transformed(stream& state, const window& from, byte_span room) {
  return {.state = &state, .in = from.bytes, .last = from.last, .out = room};
}

void settle(const job& done, window& from, window& into) {
  // `into` still has all the room that the job was given.
  const auto made = into.bytes.first(into.bytes.size() - done.out.size());
  from.bytes = done.in;
  // A kernel that has the end of a stream is done when it says so, not when its input is empty.
  from.fresh = !done.in.empty() || (done.last && !done.finished);
  into = window_of(made, done.finished);
}

} // namespace

void stepper::observe(stream& state, const window& from) {
  jobs_.push_back(observed(state, from));
  ends_.push_back({});
}

void stepper::transform(stream& state, window& from, byte_span room, window& into) {
  into.bytes = room;
  jobs_.push_back(transformed(state, from, room));
  ends_.push_back({&from, &into});
}

std::vector<stepper::broken_stream> stepper::run(kernel& with) {
  std::vector<broken_stream> broken;
  if (!jobs_.empty())
    with.run(jobs_);
  for (size_t i = 0; i < jobs_.size(); ++i) {
    if (jobs_[i].failure)
      broken.push_back({i, *std::move(jobs_[i].failure)});
    else if (ends_[i].from != nullptr)
      settle(jobs_[i], *ends_[i].from, *ends_[i].into);
  }
  jobs_.clear();
  ends_.clear();
  return broken;
}

result<void> observe(kernel& with, stream& state, const window& from) {
  auto one = observed(state, from);
  with.run({&one, 1});
  return one.failure ? result<void>(*one.failure) : success();
}

result<void> transform(kernel& with, stream& state, window& from, byte_span room, window& into) {
  into.bytes = room;
  auto one = transformed(state, from, room);
  with.run({&one, 1});
  if (one.failure)
    return *one.failure;
  settle(one, from, into);
  return success();
}

} // namespace pgbraid::codec

// Steps kernels as lanes do: many streams, odd pieces, little room.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/codec/kernel.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace pgbraid::codec::rig {

using bytes = std::vector<std::byte>;
using random = std::mt19937_64;

/// A number from `low` to `high`, both included.
inline size_t pick(random& from, size_t low, size_t high) {
  return std::uniform_int_distribution<size_t>(low, high)(from);
}

inline bytes noise(random& from, size_t count) {
  bytes made(count);
  for (auto& b : made)
    b = static_cast<std::byte>(from());
  return made;
}

/// Bytes that compress about as tables do: repeated pieces with noise between them.
inline bytes sample(random& from, size_t count) {
  const auto words = noise(from, 512);
  bytes made;
  while (made.size() < count) {
    if (pick(from, 0, 3) == 0) {
      made.push_back(static_cast<std::byte>(from()));
      continue;
    }
    const auto at = static_cast<ptrdiff_t>(pick(from, 0, 480));
    const auto length = static_cast<ptrdiff_t>(pick(from, 3, 32));
    made.insert(made.end(), words.begin() + at, words.begin() + at + length);
  }
  made.resize(count);
  return made;
}

inline bytes copy(byte_view view) {
  return {view.begin(), view.end()};
}

/// Bounds for the pieces of input and the room for output of each step.
struct limits {
  size_t piece_bytes = 5000;
  size_t room_bytes = 5000;
};

/// One stream's way through a kernel.
struct outcome {
  bytes out;
  std::optional<error> failure;
};

/// Called with the number and the state of a stream that has finished.
using finish_hook = std::function<void(size_t, const stream&)>;

namespace step {

struct runner {
  std::unique_ptr<stream> state;
  byte_view in;
  outcome made;
  /// Room with a guard behind it, which nobody may touch.
  bytes room;
  bool over = false;
  int idle_count = 0;
};

constexpr size_t guard_bytes = 64;
constexpr auto guard = std::byte{0xa5};

} // namespace step

/// Steps one stream per input until all are finished or failed, and checks the contract of
/// `kernel::run` at each step.
inline std::vector<outcome> drive(kernel& k, const std::vector<bytes>& inputs, random& from,
                                  limits bounds = {}, const finish_hook& on_finish = {}) {
  std::vector<step::runner> runners(inputs.size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    runners[i].state = k.open();
    runners[i].in = inputs[i];
  }
  size_t open_count = runners.size();
  while (open_count > 0) {
    std::vector<job> jobs;
    std::vector<size_t> numbers;
    for (size_t i = 0; i < runners.size(); ++i) {
      auto& r = runners[i];
      if (r.over || pick(from, 0, 7) == 0)
        continue;
      const auto piece = r.in.first(std::min(r.in.size(), pick(from, 0, bounds.piece_bytes)));
      const auto room = k.transforms() ? pick(from, 1, bounds.room_bytes) : 0;
      r.room.assign(room + step::guard_bytes, step::guard);
      jobs.push_back({.state = r.state.get(),
                      .in = piece,
                      .last = piece.size() == r.in.size(),
                      .out = byte_span(r.room).first(room)});
      numbers.push_back(i);
    }
    const auto before = jobs;
    k.run(jobs);
    for (size_t n = 0; n < jobs.size(); ++n) {
      auto& r = runners[numbers[n]];
      const auto& j = jobs[n];
      const size_t used = before[n].in.size() - j.in.size();
      const size_t filled = before[n].out.size() - j.out.size();
      r.in = r.in.subspan(used);
      r.made.out.insert(r.made.out.end(), r.room.begin(),
                        r.room.begin() + static_cast<ptrdiff_t>(filled));
      REQUIRE(std::all_of(r.room.end() - step::guard_bytes, r.room.end(),
                          [](std::byte b) { return b == step::guard; }));
      r.made.failure = j.failure;
      r.over = j.finished || j.failure;
      open_count -= r.over ? 1 : 0;
      if (j.failure)
        continue;
      REQUIRE((j.in.empty() || (k.transforms() && j.out.empty())));
      if (j.finished) {
        REQUIRE(j.last);
        REQUIRE(j.in.empty());
        if (on_finish)
          on_finish(numbers[n], *r.state);
      }
      const bool idle = used == 0 && filled == 0 && j.last && !j.finished;
      r.idle_count = idle ? r.idle_count + 1 : 0;
      REQUIRE(r.idle_count < 3);
    }
  }
  std::vector<outcome> made;
  for (auto& r : runners)
    made.push_back(std::move(r.made));
  return made;
}

/// One stream only.
inline outcome drive_one(kernel& k, const bytes& input, random& from, limits bounds = {}) {
  return std::move(drive(k, {input}, from, bounds).front());
}

} // namespace pgbraid::codec::rig

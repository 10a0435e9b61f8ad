// Comparing hosts by when they would be done.
// SPDX-License-Identifier: MIT
#include "engine/plan/source_choice.hpp"

#include <tuple>

namespace pgbraid::plan {

namespace {

// Less than this says more about latency than about speed.
constexpr uint64_t telling_bytes = uint64_t{1} << 20;

std::optional<double> speed_of(const source_load& of) {
  if (of.done_bytes < telling_bytes || of.busy_s <= 0)
    return {};
  return static_cast<double>(of.done_bytes) / of.busy_s;
}

double average_speed(std::span<const source_load> from) {
  double sum = 0;
  size_t count = 0;
  for (const auto& one : from)
    if (const auto speed = speed_of(one); speed && one.usable) {
      sum += *speed;
      ++count;
    }
  return count == 0 ? 1.0 : sum / static_cast<double>(count);
}

} // namespace

std::optional<size_t> choose_source(std::span<const source_load> from, uint64_t more_bytes) {
  const double average = average_speed(from);
  std::optional<size_t> best;
  std::tuple<double, uint64_t> least;
  for (size_t i = 0; i < from.size(); ++i) {
    if (!from[i].usable)
      continue;
    const auto bytes =
        static_cast<double>(from[i].in_flight_bytes) + static_cast<double>(more_bytes);
    const std::tuple until{bytes / speed_of(from[i]).value_or(average), from[i].done_bytes};
    if (!best || until < least) {
      best = i;
      least = until;
    }
  }
  return best;
}

} // namespace pgbraid::plan

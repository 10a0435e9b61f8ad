// Steps the whole blocks of several streams together, so that a processor's latency is shared.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <utility>

namespace pgbraid::codec {

/// Calls `step(lanes, blocks)` with 1 to `Width` lanes until every lane is done. A `Lane` has a
/// member `blocks`; `step` advances each lane by `blocks` and lowers its count by that.
/// A lane that is done makes room for the next, so unequal lengths cost only the tail.
template <size_t Width, class Lane, class Step>
void interleave(std::span<const Lane> waiting, const Step& step) {
  std::array<Lane, Width> active{};
  size_t count = 0;
  while (true) {
    while (count < Width && !waiting.empty()) {
      if (waiting.front().blocks > 0)
        active[count++] = waiting.front();
      waiting = waiting.subspan(1);
    }
    if (count == 0)
      return;
    auto shortest = active[0].blocks;
    for (size_t i = 1; i < count; ++i)
      shortest = std::min(shortest, active[i].blocks);
    step(std::span(active.data(), count), shortest);
    for (size_t i = count; i-- > 0;) {
      if (active[i].blocks == 0)
        active[i] = active[--count];
    }
  }
}

} // namespace pgbraid::codec

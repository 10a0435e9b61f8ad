// Making kernels from nodes.
// SPDX-License-Identifier: MIT
#include "engine/graph/chain.hpp"

#include <algorithm>
#include <cassert>

namespace pgbraid::graph {

const codec::stream* file_streams::of(finding what) const {
  const auto found = std::ranges::find(streams_, what, &one::finds);
  return found == streams_.end() ? nullptr : found->state.get();
}

result<chain> chain::make(const logical_graph& of) {
  chain out;
  out.chunks_ = chunks_of(of);
  for (const auto& at : of.nodes) {
    if (at.row->make == nullptr)
      continue;
    auto kernel = at.row->make(*at.rules);
    if (!kernel)
      return kernel.failure();
    // Memory is counted by the row, and taken by what the kernel does.
    assert((*kernel)->transforms() == at.row->changes_bytes);
    out.steps_.push_back({at.row, std::move(*kernel)});
  }
  return out;
}

} // namespace pgbraid::graph

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

result<chain> chain::make(const logical_graph& of, size_t branch) {
  chain out;
  for (const auto& at : of.nodes) {
    if (at.row->make == nullptr || at.branch != branch)
      continue;
    auto kernel = at.row->make(*at.rules);
    if (!kernel)
      return kernel.failure();
    // Memory is counted by the row, and taken by what the kernel does.
    assert((*kernel)->transforms() == at.row->changes_bytes);
    out.steps_.push_back({at.row, std::move(*kernel)});
    out.chunks_ += at.row->changes_bytes ? 1 : 0;
  }
  return out;
}

} // namespace pgbraid::graph

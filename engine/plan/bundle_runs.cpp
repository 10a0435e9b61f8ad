// Neighbours in a bundle.
// SPDX-License-Identifier: MIT
#include "engine/plan/bundle_runs.hpp"

namespace pgbraid::plan {

std::vector<bundle_run> runs_of(std::span<const bundle_member> members, uint64_t read_over_bytes,
                                uint64_t most_bytes) {
  std::vector<bundle_run> out;
  for (size_t i = 0; i < members.size(); ++i) {
    const auto& member = members[i];
    if (!out.empty()) {
      auto& run = out.back();
      const auto gap = member.offset_bytes - (run.offset_bytes + run.length_bytes);
      const auto joined = member.offset_bytes + member.length_bytes - run.offset_bytes;
      if (gap <= read_over_bytes && joined <= most_bytes) {
        run.length_bytes = joined;
        ++run.count;
        continue;
      }
    }
    out.push_back({member.offset_bytes, member.length_bytes, i, 1});
  }
  return out;
}

} // namespace pgbraid::plan

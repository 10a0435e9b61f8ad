// One lane into memory.
// SPDX-License-Identifier: MIT
#include "engine/graph/whole_file.hpp"

#include "engine/graph/single_lane.hpp"

namespace pgbraid::graph {

result<packed_file> pack_file(codec::file_rules rules, byte_view plain) {
  rules.checksum_page = false;
  rules.checksum = rules.repo_checksum = true;
  auto lane = single_lane::make(backup_graph({.rules = std::move(rules)}));
  if (!lane)
    return lane.failure();
  packed_file out;
  branch_end end{.take = [&out](byte_view bytes) {
    out.stored.insert(out.stored.end(), bytes.begin(), bytes.end());
    return success();
  }};
  if (auto packed = lane->run(plain, end); !packed)
    return packed.failure();
  out.checksum = lane->checksum();
  if (const auto* stored = lane->streams().of(finding::repo_checksum))
    out.repo_checksum = codec::digest_kernel::value(*stored);
  return out;
}

} // namespace pgbraid::graph

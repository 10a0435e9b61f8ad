// A file of this host that takes the place of one that another host could not finish.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/backup/copy_chain.hpp"
#include "actors/backup/local_file.hpp"
#include "engine/graph/lane_group.hpp"

namespace pgbraid {

/// Runs the kernels of a copy by itself, in a lane of its own: its task is already on its way
/// through lanes that expect final bytes. Only used after a host was lost.
class packed_here {
public:
  packed_here(const copy_chain& chain, const cluster_files& files, remote::copied_file wanted);
  ~packed_here();

  /// A file that is not there is one that vanished.
  result<void> open();
  /// As of `graph::task`: final bytes.
  result<size_t> read(byte_span out);
  const copy_results& results() const { return results_; }

private:
  class inner;
  const copy_chain& chain_;
  const cluster_files& files_;
  const remote::copied_file wanted_;
  graph::worker_tools tools_;
  std::unique_ptr<slab_pool> pool_;
  std::unique_ptr<graph::lane_group> lane_;
  std::vector<std::byte> packed_; ///< what one step made
  size_t taken_ = 0;
  copy_results results_;
};

} // namespace pgbraid

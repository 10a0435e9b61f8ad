// A file of this host that takes the place of one that another host could not finish.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/backup/block_watch.hpp"
#include "actors/backup/copy_chain.hpp"
#include "actors/backup/copy_client.hpp"
#include "actors/backup/local_file.hpp"
#include "engine/graph/lane_group.hpp"

namespace pgbraid {

/// Runs the kernels of a copy by itself, in a lane of its own: its task is already on its way
/// through lanes that expect final bytes. Only used after a host was lost.
class local_fallback {
public:
  local_fallback(const codec::file_rules& rules, const cluster_files& files,
                 const asked_file& wanted);
  ~local_fallback();

  /// A file that is not there is one that vanished.
  result<void> open();
  /// As of `graph::task`: final bytes.
  result<size_t> read(byte_span out);
  const copy_results& results() const { return results_; }

private:
  class inner;
  const codec::file_rules& rules_;
  const cluster_files& files_;
  const wire::copied_file wanted_;
  std::shared_ptr<block_watch> blocks_; ///< null: the file is stored whole
  graph::worker_tools tools_;
  std::unique_ptr<slab_pool> pool_;
  std::unique_ptr<graph::lane_group> lane_;
  std::vector<std::byte> packed_; ///< what one step made
  size_t taken_ = 0;
  copy_results results_;
};

} // namespace pgbraid

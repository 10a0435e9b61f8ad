// K files stepped together through the kernels of a job: the fused graph.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/buffer/slab.hpp"
#include "engine/codec/stepper.hpp"
#include "engine/graph/task.hpp"

#include <deque>

namespace pgbraid::graph {

/// A worker's lanes. Each step moves about one chunk of every lane through all kernels, and every
/// kernel sees all lanes at once, so that several streams can share its instructions.
///
/// Memory: the chunks of the chain for each lane, taken when the group is made and held until it
/// ends; a step never needs more.
class lane_group {
public:
  /// @param tools  must outlive the group
  static result<std::unique_ptr<lane_group>> make(chain kernels, size_t lanes, slab_pool& pool,
                                                  const worker_tools& tools,
                                                  const settling_limits& settling = {});
  ~lane_group();

  size_t free_lanes() const;
  /// Nothing in the lanes and nothing left to settle.
  bool idle() const;
  /// Puts a task into a free lane.
  result<void> start(task_ptr work);
  /// Moves every lane forward that can move. When none could it waits, at most 50 ms, for one of
  /// them. Errors name the file.
  result<void> step();
  /// Whether the last step moved anything.
  bool moved() const { return moved_; }
  /// Takes the tasks that became durable.
  /// @param wait  when no lane is busy, block for the oldest instead of spinning
  result<task_list> take_settled(bool wait);
  /// Plain bytes read so far; monotonic.
  uint64_t bytes_read() const { return bytes_read_; }

private:
  struct buffer {
    slab_ptr memory;
    codec::window data = {};
    size_t observed = 0; ///< kernels below this position have seen the data
  };
  struct lane {
    task_ptr work;
    file_streams streams;
    std::vector<buffer> buffers; ///< [0] is what was read, one more per transforming kernel
    bool source_ended = false;
    uint64_t written_bytes = 0;
  };
  struct settling_file {
    task_ptr work;
    uint64_t bytes = 0; ///< that its writer may hold
  };

  lane_group(chain kernels, const worker_tools& tools, const settling_limits& settling)
      : kernels_(std::move(kernels)), tools_(tools), limits_(settling) {}
  result<void> refill(lane& at);
  result<void> run_observer(size_t position, size_t buffer_index);
  result<void> run_transform(size_t position, size_t buffer_index);
  void bypass(size_t position, size_t buffer_index);
  result<void> drain(lane& at);
  result<void> pass_on(lane& at);
  result<void> give_up(lane& at, const error& why);
  result<void> run_kernel(size_t position);
  void wait_for_one();

  chain kernels_;
  const worker_tools& tools_;
  std::vector<lane> lanes_;
  const settling_limits limits_;
  std::deque<settling_file> settling_;
  uint64_t settling_bytes_ = 0;
  task_list skipped_;
  uint64_t bytes_read_ = 0;
  bool moved_ = false;
  std::chrono::milliseconds slice_{0}; ///< of the last wait
  size_t turn_ = 0;                    ///< the lane to wait for next
  codec::stepper stepper_;
  std::vector<lane*> stepped_; ///< whose streams are in it
};

} // namespace pgbraid::graph

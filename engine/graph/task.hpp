// One file on its way through a graph: where it comes from, where it goes, what was learned.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/graph/chain.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace pgbraid::io {
class io_engine;
}

namespace pgbraid::graph {

/// What a worker lends to the tasks it runs.
struct worker_tools {
  io::io_engine* engine = nullptr;
};

/// One file. A worker opens it, moves its bytes through the kernels of the job, and hands it to the
/// collector once everything is on stable storage. The source half (`read`, and streams that look
/// at the source again) and the sink half (all below `read`) may be used by two threads at once: in
/// the unfused graph they are different actors.
class task {
public:
  virtual ~task() = default;

  /// Opens source and target. False: there is nothing to move (the file vanished, or it is already
  /// in place); the task counts as settled at once.
  virtual result<bool> open(const worker_tools& tools) = 0;
  /// Whether `read` would not block: bytes of another host may not be here yet.
  /// @param wait  block until it would not, at most this long
  virtual bool readable(std::chrono::milliseconds wait);
  /// Fills `out` unless the end comes first.
  virtual result<size_t> read(byte_span out) = 0;
  /// The state for a kernel of the chain; null: this file bypasses the kernel, its bytes go on as
  /// they are.
  virtual std::unique_ptr<codec::stream> open_stream(codec::kernel& kernel);
  /// Whether `write` may be called now: members of a bundle take turns, another host may take no
  /// more at the moment.
  /// @param wait  block until it may be called, at most this long; those that take turns need not
  virtual bool ready_to_write(std::chrono::milliseconds wait);
  virtual result<void> write(byte_view in) = 0;
  /// All bytes went through: takes the results out of the streams and begins to commit.
  virtual result<void> finish(const file_streams& streams) = 0;
  /// Whether the file is durable. @param wait  block until it is
  virtual result<bool> settled(bool wait) = 0;
  /// The file cannot be moved. Whether the task takes that on itself: then it counts as settled at
  /// once, and nothing more is asked of it; else the failure ends the run. Called by the one who
  /// uses the task by then, so it may let go of what it has. Not called for what `settled` says.
  virtual bool put_aside(const error& why);
  /// The name of the file, for error messages.
  virtual std::string name() const = 0;
};

using task_ptr = std::shared_ptr<task>;
using task_list = std::vector<task_ptr>;

/// What a worker may have on its way to being durable.
struct settling_limits {
  size_t files = 64;                   ///< each keeps a descriptor, or a handle
  uint64_t writer_bytes = 0;           ///< what the writer of a file may hold of it until then
  uint64_t bytes = uint64_t{64} << 20; ///< that all of them may hold
};

/// What a job needs to be run, besides its graph: tasks to deal, and somebody who takes the
/// results.
class job {
public:
  virtual ~job() = default;
  /// The next tasks for one worker, the most expensive first: one large file, or a batch of small
  /// ones. Empty when everything has been dealt, or when there is nothing now; see `more_to_come`.
  /// Called by the dealer only.
  virtual task_list deal() = 0;
  /// Whether there may be tasks later although `deal` had none. Called by the dealer only.
  virtual bool more_to_come() { return false; }
  /// Gives the job what it has to call, from any thread, when `deal` or `more_to_come` would answer
  /// otherwise than before. Called before the first `deal`; harmless to call after the run.
  virtual void on_change(std::function<void()> /*wake*/) {}
  /// Of each worker; called by every one.
  virtual settling_limits settling() const { return {}; }
  /// A task is durable. Called by the collector only, one at a time.
  virtual result<void> settled(task& done) = 0;
  /// Called about once a second by the collector (keep-alives, progress).
  virtual result<void> tick() { return success(); }
};

} // namespace pgbraid::graph

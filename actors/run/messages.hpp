// The messages between the actors of a running job, and what all of them share.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/buffer/slab.hpp"
#include "engine/codec/stepper.hpp"
#include "engine/graph/task.hpp"

#include <caf/all.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace pgbraid::actors {

/// Tasks on their way to a worker or to the collector. The receiver owns the list now.
using task_list_ptr = std::shared_ptr<graph::task_list>;
using failure_ptr = std::shared_ptr<const error>;

/// One file in the unfused graph: the task and the streams of all kernels. Every stage touches only
/// its own stream until the sink finishes the file.
struct file_run {
  graph::task_ptr work;
  graph::file_streams streams;
  /// The file failed on its way: its pieces are only passed on, to the sink, which is told why.
  std::atomic<bool> broken{false};
  std::optional<error> why = {}; ///< written by who set `broken`, read behind it

  void fail(const error& what) {
    if (!broken.exchange(true))
      why = what;
  }
};
using file_run_ptr = std::shared_ptr<file_run>;

/// Bytes of one file between two stages of the unfused graph.
struct piece {
  file_run_ptr file;
  slab_ptr memory;
  codec::window data = {}; ///< in that memory
};
using piece_ptr = std::shared_ptr<piece>;

/// worker -> dealer: this worker can take tasks. (ask, number of the worker)
using ask_atom = caf::atom_constant<caf::atom("ask")>;
/// dealer -> worker: tasks to run. (work, task_list_ptr)
using work_atom = caf::atom_constant<caf::atom("work")>;
/// dealer -> worker: there will be no more. Between stages: no piece will follow.
using none_atom = caf::atom_constant<caf::atom("none")>;
/// a job -> dealer: ask it again on behalf of those that got nothing.
using more_atom = caf::atom_constant<caf::atom("more")>;
/// An actor to itself: go on with the next bounded step.
using step_atom = caf::atom_constant<caf::atom("step")>;
/// worker -> collector: durable tasks. (settled, task_list_ptr)
using settled_atom = caf::atom_constant<caf::atom("settled")>;
/// anyone -> supervisor: the job cannot succeed. (fail, failure_ptr); the first one wins.
using fail_atom = caf::atom_constant<caf::atom("fail")>;
/// supervisor -> collector: all workers are gone. collector -> supervisor: all results are in.
using finish_atom = caf::atom_constant<caf::atom("finish")>;
/// A clock tick to oneself.
using tick_atom = caf::atom_constant<caf::atom("tick")>;
/// stage -> next stage: (push, piece_ptr); only with credit. The receiver owns the piece.
using push_atom = caf::atom_constant<caf::atom("push")>;
/// stage -> previous stage: one more piece may come.
using credit_atom = caf::atom_constant<caf::atom("credit")>;

/// Reaches the dealer from threads that are no actors, for as long as the run lasts.
class dealer_bell {
public:
  void hang(caf::actor dealer) {
    const std::lock_guard lock(mutex_);
    dealer_ = std::move(dealer);
  }
  /// Lets go of the actor, which must not outlive its system.
  void take_down() { hang(nullptr); }
  void ring() {
    const std::lock_guard lock(mutex_);
    if (dealer_)
      caf::anon_send(dealer_, more_atom::value);
  }

private:
  std::mutex mutex_;
  caf::actor dealer_;
};

/// What the actors of one run share. Outlives the actor system.
struct run_state {
  graph::job* work = nullptr;
  const graph::logical_graph* graph = nullptr;
  slab_pool* pool = nullptr;
  std::atomic<bool> stop{false};
  std::atomic<uint64_t> bytes_read{0};
  /// Tasks that the dealer gave out and that the collector got back; equal at a good end.
  std::atomic<uint64_t> dealt{0};
  std::atomic<uint64_t> settled{0};
  /// Tasks that were sent to the collector.
  std::atomic<uint64_t> handed_over{0};
  /// A worker waits for the collector.
  std::atomic<bool> held{false};
  /// Counts steps of all workers; the watchdog looks at it.
  std::atomic<uint64_t> steps{0};
  /// Rung by jobs whose tasks arrive while they run.
  dealer_bell bell;
};
using run_state_ptr = std::shared_ptr<run_state>;

/// Runs a handler; an exception becomes a failure for the supervisor instead of reaching CAF.
template <class F>
void guarded(caf::event_based_actor* self, const caf::actor& supervisor, F&& run) {
  try {
    run();
  } catch (const std::exception& e) {
    self->send(supervisor, fail_atom::value,
               failure_ptr(std::make_shared<error>(
                   error{errc::unhandled, std::string("unexpected exception: ") + e.what()})));
    self->quit();
  }
}

/// Gives the collector tasks that are durable or need nothing more.
inline void hand_over(caf::event_based_actor* self, run_state& run, const caf::actor& collector,
                      graph::task_list done) {
  run.handed_over += done.size();
  self->send(collector, settled_atom::value, std::make_shared<graph::task_list>(std::move(done)));
}

inline failure_ptr share(error what) {
  return std::make_shared<const error>(std::move(what));
}

} // namespace pgbraid::actors

// Local delivery only: none of these ever leaves the process.
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pgbraid::actors::task_list_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pgbraid::actors::failure_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pgbraid::actors::piece_ptr)

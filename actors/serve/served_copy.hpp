// The serving half of a copy: makes files of this host final for another one.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/backup/copy_chain.hpp"
#include "actors/serve/served_answer.hpp"
#include "engine/graph/task.hpp"
#include "storage/storage.hpp"

#include <atomic>
#include <deque>

namespace pgbraid::serve {

/// A file that may be sent, and what keeps it reachable.
struct served_place {
  std::shared_ptr<storage> in;
  std::string path;
};

/// A file that another host asks for.
struct wanted_file {
  wire::copied_file file;
  std::vector<std::byte> prior_sums = {}; ///< of blocks, as many as `file.blocks` says
};

/// Finds what another host asks for, or refuses it. Called by several threads.
using served_finder = std::function<result<served_place>(const wire::copied_file&)>;

/// Gives what stands for the memory of one answer until it was sent, or nothing when there is no
/// room now. Called by one thread at a time.
using answer_room = std::function<std::shared_ptr<void>()>;

/// The job of one copy: its tasks are requests that arrive while it runs. It ends when the stream
/// that began it does. A file that cannot be read ends the answer it belongs to, not the copy.
class served_copy final : public graph::job {
public:
  /// @param begun  the stream of the copy, already answered
  /// @param finder  finds files by name
  /// @param room  of answers; when there may be some again, call `look`
  served_copy(std::unique_ptr<link::exchange> begun, served_finder finder, answer_room room);
  ~served_copy() override;

  /// A request for one file (or, `small`, for several). From any thread.
  void add(std::unique_ptr<link::exchange> asked, std::vector<wanted_file> files, bool small);
  /// Whether what waits takes so much memory that it is time to let the other end wait.
  bool is_full() const { return waiting_bytes_ >= full_bytes; }
  /// Deals what waited for room. From any thread.
  void look();
  /// Ends the copy within about a second. From any thread.
  void abandon();
  /// To be called when the run is over: answers the stream of the copy, and refuses what waits.
  void end(const result<void>& outcome);
  bool is_over() const { return over_ || begun_->cancelled(); }

  graph::task_list deal() override;
  bool more_to_come() override;
  void on_change(std::function<void()> wake) override;
  result<void> settled(graph::task&) override { return success(); }
  result<void> tick() override;

private:
  struct request {
    std::unique_ptr<link::exchange> asked;
    std::vector<wanted_file> files;
    bool small = false;
  };
  std::optional<request> next();
  graph::task_list tasks_of(request asked) const;
  void close();

  const std::unique_ptr<link::exchange> begun_;
  const served_finder find_;
  const answer_room room_;
  std::mutex mutex_;
  std::deque<request> waiting_; ///< as many as a link has streams
  static constexpr size_t full_bytes = size_t{16} << 20;
  std::atomic<size_t> waiting_bytes_{0};
  bool wants_room_ = false;
  std::function<void()> wake_;
  std::atomic<bool> closed_{false};
  std::atomic<bool> abandoned_{false};
  std::atomic<bool> over_{false};
};

/// Refuses lists of small files that nobody of ours would ask for.
result<void> validate(const std::vector<wanted_file>& small);

} // namespace pgbraid::serve

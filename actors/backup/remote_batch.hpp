// Small files of other hosts, asked for in windows and kept until their turn comes.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/backup/remote_file.hpp"

namespace pgbraid {

/// The small files of one batch. Files of the primary and files that may come from a standby are in
/// windows of their own; each window is one request to one source. Memory: the window that is being
/// used and the one after it, for each of the two kinds. Used by the one thread that reads the
/// files of the batch.
class remote_batch {
public:
  /// Files up to this size may be added.
  static constexpr uint64_t largest_bytes = small_files::window_bytes;
  /// What another host may send of a file in a batch without asking: more makes it `grown`.
  static uint64_t growth_limit_bytes(uint64_t expected_bytes);

  /// Memory of the maps of a window, with what is noted for them, whose files were no larger before
  /// than they may grow.
  static uint64_t window_maps_bytes();

  remote_batch(source_set& of, const codec::file_rules& rules);

  /// Adds a file in the order in which it will be asked for; returns its index.
  size_t add(remote_wish wish);
  /// Asks for the window of a file, and for the next one, unless that was done. Returns the source,
  /// which may be this host: then the caller reads the file by itself.
  result<size_t> begin(size_t index);
  /// Whether `take` has an answer. @param wait  block until it has, at most this long
  bool arrived(size_t index, std::chrono::milliseconds wait);

  struct arrival {
    std::vector<std::byte> content = {};
    copy_results learned = {};
    size_t source = 0;
    /// Did not come this way: it grew, or its source was lost. To be asked for alone.
    bool alone = false;
  };
  /// Once for each file, after it arrived.
  result<arrival> take(size_t index);
  const remote_wish& wish(size_t index) const { return files_[index].wish; }

private:
  struct waiting {
    remote_wish wish;
    size_t window = 0;
    bool here = false;
    arrival came = {};
  };
  struct window {
    std::vector<size_t> files = {}; ///< their indexes
    uint64_t bytes = 0;
    bool begun = false;
    size_t source = 0;
    source_lease lease = {};
    std::optional<copy_answer> answer = {};
    size_t next = 0; ///< the file that comes next
    retry tries{source_retry};
    std::optional<error> failure = {};
  };
  result<void> open(window& at);
  result<void> ask(window& at);
  void leave_alone(window& at);
  void pump(window& at, std::chrono::milliseconds wait);
  result<void> take_some(window& at);
  void recover(window& at, error why);

  source_set& of_;
  const codec::file_rules& rules_;
  std::vector<waiting> files_;
  std::vector<window> windows_;
  std::vector<std::byte> scratch_;
};

/// One file of a batch.
class remote_member final : public remote_file {
public:
  /// @param may_begin  as of `remote_stream`, for a file that has to be asked for alone
  remote_member(source_set& of, const codec::file_rules& rules, std::shared_ptr<remote_batch> batch,
                size_t index, std::function<bool()> may_begin);

  bool readable(std::chrono::milliseconds wait) override;
  result<size_t> read(byte_span out) override;
  const copy_results& results() const override {
    return alone_ ? alone_->results() : came_.learned;
  }
  size_t source() const override { return alone_ ? alone_->source() : came_.source; }

private:
  result<void> take();

  source_set& of_;
  const codec::file_rules& rules_;
  std::shared_ptr<remote_batch> batch_;
  const size_t index_;
  const std::function<bool()> may_begin_;
  bool taken_ = false;
  std::optional<error> failure_ = {};
  remote_batch::arrival came_ = {};
  size_t read_bytes_ = 0;
  std::unique_ptr<remote_stream> alone_;
};

} // namespace pgbraid

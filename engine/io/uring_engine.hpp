// The io_uring backend.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/io/io_engine.hpp"

#include <liburing.h>
#include <linux/openat2.h>

namespace pgbraid::io {

/// The ring is made without SINGLE_ISSUER and DEFER_TASKRUN: both bind it to one thread, and a
/// pooled actor migrates.
class uring_engine final : public io_engine {
public:
  /// Fails with `kernel` when there is no io_uring, it is forbidden, or it lacks an operation.
  static result<std::unique_ptr<io_engine>> make(const io_limits& limits);
  ~uring_engine() override;

  std::string describe() const override;
  io_mode mode() const override { return io_mode::uring; }
  bool reads_files() const override { return !chains_.empty(); }

private:
  /// The three linked steps of a read_file; the descriptor is `slot` of the ring's own table.
  struct chain {
    io_operation* owner = nullptr;
    open_how how = {}; ///< the kernel reads it when the step runs
    unsigned steps_left = 0;
    int64_t outcome = 0;
  };
  enum class step : uint8_t { open, read, close };

  explicit uring_engine(const io_limits& limits) : io_engine(limits) {}
  int open_ring();
  void open_slots();
  void start(io_operation& what) override;
  void flush() override;
  void reap(bool wait_for_one) override;

  io_uring_sqe* next_entry(unsigned room);
  void start_chain(io_operation& what);
  void answer(uint64_t token, int64_t outcome);
  void answer_chain(chain& of, step which, int64_t outcome);
  /// Takes back what the kernel did not accept and answers it with `error_number`.
  void refuse_queued(int error_number);

  io_uring ring_ = {};
  bool open_ = false;
  std::vector<chain> chains_; ///< one per slot; empty when the kernel has no direct descriptors
  std::vector<unsigned> free_slots_;
};

} // namespace pgbraid::io

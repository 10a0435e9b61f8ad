// Asynchronous file operations for one worker: over io_uring, or over a few blocking threads.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/bytes.hpp"
#include "engine/base/result.hpp"

#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace pgbraid::io {

/// Option `io-engine`.
enum class io_mode : uint8_t { automatic, uring, threads };

/// Bounds of one engine; the memory it may hold follows from them.
struct io_limits {
  unsigned depth = 64;       ///< operations in flight at once
  unsigned write_slabs = 12; ///< shared by all files the worker writes
  unsigned read_slabs = 8;   ///< shared by all cold files the worker reads
  size_t slab_bytes = 1024 * 1024;
};

class io_engine;

/// A page-aligned buffer of `io_limits::slab_bytes`, lent by an engine and given back on
/// destruction.
class io_slab {
public:
  io_slab() = default;
  io_slab(io_slab&& other) noexcept;
  io_slab& operator=(io_slab&& other) noexcept;
  ~io_slab();

  explicit operator bool() const { return data_ != nullptr; }
  std::byte* data() const { return data_; }
  size_t size_bytes() const;

private:
  friend class io_engine;
  enum class purpose : uint8_t { read, write };
  void release();
  io_slab(io_engine* owner, std::byte* data, purpose use) : owner_(owner), data_(data), use_(use) {}

  io_engine* owner_ = nullptr;
  std::byte* data_ = nullptr;
  purpose use_ = purpose::read;
};

enum class io_verb : uint8_t {
  read,      ///< one pread of `length_bytes` at `offset_bytes` from `fd`
  write,     ///< one pwrite
  sync,      ///< fsync
  read_file, ///< open `path` below the directory `fd`, read from its start, close (one chain)
};

/// One operation. The caller owns it and everything it points to, and keeps all of that in place
/// until `done`; both are set only inside submit, poll and wait, on the caller's thread.
struct io_operation {
  io_verb verb = io_verb::read;
  int fd = -1;
  std::byte* data = nullptr;
  size_t length_bytes = 0; ///< below 2 GiB
  uint64_t offset_bytes = 0;
  const char* path = nullptr; ///< for read_file; never leaves `fd`, its last segment is no link
  /// Given back as soon as all of `length_bytes` went through, even before the owner looks.
  io_slab* lent = nullptr;

  int64_t outcome = 0; ///< bytes (short at the end of a file) or -errno
  bool done = false;
};

/// The I/O of one worker. Not shared by threads at the same time, but free to be used by one thread
/// after another (a pooled actor migrates). Outlives every reader and writer made with it; its
/// destructor waits for all operations in flight.
///
/// No call here waits for anything but operations in flight, all of which end.
class io_engine {
public:
  /// `automatic` takes io_uring where the kernel has it and allows it, threads elsewhere; explicit
  /// `uring` that cannot be had is an error `kernel` (100) with the reason.
  static result<std::unique_ptr<io_engine>> make(io_mode mode, const io_limits& limits = {});

  virtual ~io_engine();
  io_engine(const io_engine&) = delete;
  io_engine& operator=(const io_engine&) = delete;

  /// What was chosen and why, for the log: `io_uring, depth 64, 12 write and 8 read
  /// slabs of 1024 KiB`.
  virtual std::string describe() const = 0;
  /// `uring` or `threads`.
  virtual io_mode mode() const = 0;
  /// Whether `io_verb::read_file` runs asynchronously here.
  virtual bool reads_files() const = 0;

  /// Takes one operation; when `depth` are in flight it waits for one of them first.
  void submit(io_operation& wanted);
  /// Takes many at the price of few system calls.
  void submit(std::span<io_operation> wanted);
  /// Marks what has finished, without waiting.
  void poll();
  /// Waits until at least one operation in flight has finished; returns at once if there is none.
  void wait();
  /// Waits for one operation that was submitted here.
  void wait_for(const io_operation& wanted);
  size_t in_flight() const { return in_flight_; }

  /// An unused slab, or an empty handle when all are lent (or memory is short).
  io_slab take_write_slab();
  io_slab take_read_slab();
  const io_limits& limits() const { return limits_; }
  /// Upper bound of the memory this engine ever holds in slabs, in bytes.
  uint64_t memory_ceiling_bytes() const;

  /// Whether a file system (st_dev) is known to refuse O_DIRECT; learned by who tried.
  bool refuses_direct(uint64_t device) const { return no_direct_.contains(device); }
  void learn_refuses_direct(uint64_t device) { no_direct_.insert(device); }

protected:
  explicit io_engine(const io_limits& limits) : limits_(limits) {}
  void finish(io_operation& what, int64_t outcome);
  /// Waits for all operations; a backend's destructor calls it while reap still works.
  void drain();
  std::string describe_slabs() const;

private:
  friend class io_slab;
  virtual void start(io_operation& what) = 0; ///< queues it
  virtual void flush() = 0;                   ///< makes what was queued run
  virtual void reap(bool wait_for_one) = 0;   ///< calls finish

  struct slab_shelf {
    std::vector<std::byte*> free;
    unsigned made = 0;
  };
  void take_in(io_operation& wanted);
  io_slab take(slab_shelf& shelf, unsigned limit, io_slab::purpose use);
  void give_back(std::byte* data, io_slab::purpose use);

  io_limits limits_;
  size_t in_flight_ = 0;
  slab_shelf write_shelf_;
  slab_shelf read_shelf_;
  std::set<uint64_t> no_direct_;
};

} // namespace pgbraid::io

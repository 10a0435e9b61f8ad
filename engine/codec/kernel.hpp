// A kernel advances one processing step for several streams at once.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/bytes.hpp"
#include "engine/base/result.hpp"

#include <memory>
#include <optional>
#include <span>

namespace pgbraid::codec {

/// What a kernel remembers of one stream between steps; made by `kernel::open`.
class stream {
public:
  virtual ~stream() = default;
};

/// One stream's part in a step.
struct job {
  stream* state = nullptr;
  /// Not yet consumed input. `run` removes what it consumed from the front.
  byte_view in = {};
  /// `in` holds the end of the stream.
  bool last = false;
  /// Room for output; null for kernels that only observe. `run` removes what it filled from the
  /// front, so the caller knows the count from the difference.
  byte_span out = {};
  /// Set by `run`: all input of the stream is consumed and all its output was delivered.
  /// Only ever true when `last` is.
  bool finished = false;
  /// Set by `run` when this stream is broken; the other jobs are not affected.
  std::optional<error> failure = {};
};

/// One processing step (compress, encrypt, digest, ...), stateless itself: all state is in streams.
///
/// Contract of `run`: for every job, input is consumed until it is empty or the output is full;
/// the caller repeats with fresh output room until `in` is empty (or, with `last`, `finished`).
/// A job may have empty `in` without `last`: nothing happens. Jobs may have unequal lengths.
/// Kernels that do not transform (`transforms()` is false) consume all of `in` and ignore `out`.
class kernel {
public:
  virtual ~kernel() = default;
  virtual std::unique_ptr<stream> open() = 0;
  virtual void run(std::span<job> jobs) = 0;
  /// Whether bytes leave changed (compress, encrypt) or are only looked at (digest, page check).
  virtual bool transforms() const = 0;
  /// How many streams stepped together saturate a core; 1 when streams do not help each other.
  virtual size_t width() const { return 1; }
};

} // namespace pgbraid::codec

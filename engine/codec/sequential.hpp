// A kernel whose streams do not help each other: jobs are done one after another.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/codec/kernel.hpp"

namespace pgbraid::codec {

/// A stream that knows its own work.
class sequential_stream : public stream {
public:
  /// One job's part of `kernel::run`: consumes from the front of `in`, fills the front of `out`.
  /// Returns whether all input is consumed and all output delivered, with `last` only; a stream
  /// that has failed is not stepped again.
  virtual result<bool> advance(byte_view& in, byte_span& out, bool last) = 0;
};

/// Only `open` is left to say.
class sequential_kernel : public kernel {
public:
  void run(std::span<job> jobs) final {
    for (auto& j : jobs) {
      auto done = static_cast<sequential_stream&>(*j.state).advance(j.in, j.out, j.last);
      j.finished = done && *done && j.last;
      if (!done)
        j.failure = done.failure();
    }
  }
  bool transforms() const final { return true; }
};

} // namespace pgbraid::codec

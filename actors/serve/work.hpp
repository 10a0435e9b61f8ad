// One request on its way, in steps that never wait for the other end.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/bytes.hpp"
#include "engine/base/error.hpp"

#include <cstddef>
#include <memory>

namespace pgbraid::serve {

/// A request that a pool of threads works on. Stepped by one thread at a time. The destructor
/// closes whatever is open, files that were not committed without a trace.
class work {
public:
  virtual ~work() = default;
  /// Whether a step has something to do: the other end has sent enough, or takes more. Quick.
  virtual bool ready() const = 0;
  /// Whether the other end gave up: then `ready`, and the next step is the last.
  virtual bool cancelled() const = 0;
  /// The most memory that it holds between its first step and its end.
  virtual size_t weight_bytes() const { return size_t{64} << 10; }
  /// Keeps what stands for this memory until its answer has left, too.
  virtual void keep(std::shared_ptr<void> lease) = 0;
  /// Goes on. May wait for a disk, never for the other end.
  /// @param room  memory of the thread, free for use
  /// @returns false when the request is answered
  virtual bool step(byte_span room) = 0;
  /// Answers with an error instead; nothing is stepped any more.
  virtual void abandon(const error& why) = 0;
};

} // namespace pgbraid::serve

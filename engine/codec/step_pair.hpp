// Two steps that one super block passes, each of which may be missing.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/codec/stepper.hpp"

#include <memory>
#include <vector>

namespace pgbraid::codec {

/// Two kernels, one behind the other, for a single stream at a time. Kernels must outlive it; null
/// ones leave bytes as they are. Not shared by threads at the same time.
class step_pair {
public:
  /// Bytes between both.
  static constexpr size_t between_bytes = size_t{64} << 10;

  step_pair(kernel* first, kernel* second);

  /// Begins a stream; what was left of another is forgotten.
  void begin();
  /// Makes a step, as `transform` does.
  result<void> step(window& from, byte_span room, window& made);
  /// Bytes that are between both.
  size_t waiting_bytes() const { return between_.bytes.size(); }
  bool is_waiting() const { return between_.fresh; }

private:
  kernel* first_;
  kernel* second_;
  std::unique_ptr<stream> first_stream_;
  std::unique_ptr<stream> second_stream_;
  std::vector<std::byte> room_;
  window between_;
};

} // namespace pgbraid::codec

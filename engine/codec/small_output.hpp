// A few bytes that wait for room in the output.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/bytes.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>

namespace pgbraid::codec {

/// Holds up to 16 bytes: a container's header, or one cipher block.
class small_output {
public:
  bool empty() const { return begin_ == end_; }
  /// Appends; what was put before and is not drained yet counts against the 16 bytes.
  void put(byte_view bytes) {
    if (empty())
      begin_ = end_ = 0;
    assert(bytes.size() <= bytes_.size() - end_);
    std::copy(bytes.begin(), bytes.end(), bytes_.begin() + static_cast<ptrdiff_t>(end_));
    end_ += bytes.size();
  }
  /// Moves bytes to the front of `out` and removes the room they take; true when none wait now.
  bool drain(byte_span& out) {
    const size_t now = std::min(end_ - begin_, out.size());
    std::copy_n(bytes_.begin() + static_cast<ptrdiff_t>(begin_), now, out.begin());
    begin_ += now;
    out = out.subspan(now);
    return empty();
  }

private:
  std::array<std::byte, 16> bytes_{};
  size_t begin_ = 0;
  size_t end_ = 0;
};

} // namespace pgbraid::codec

// The stepping of kernels: one window of each stream at a time.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/codec/kernel.hpp"

#include <vector>

namespace pgbraid::codec {

/// Bytes of one stream between two kernels, in memory of somebody else.
struct window {
  byte_view bytes = {};
  bool last = false;  ///< the stream ends with them
  bool fresh = false; ///< there is something to take: bytes, or the end
};

/// What came from a source: nothing to take only where it is empty and goes on.
inline window window_of(byte_view bytes, bool last) {
  return {bytes, last, !bytes.empty() || last};
}

/// Makes one step of a kernel, for several streams together. Keeps its memory between steps; what
/// is handed in must live until `run`.
class stepper {
public:
  struct broken_stream {
    size_t number = 0; ///< in the order they were added, from 0
    error why;
  };

  /// A stream whose kernel only looks at what is fresh.
  void observe(stream& state, const window& from);
  /// A stream that is changed. `into` becomes what was made in `room`; in `from` stays what found
  /// no room, and it is fresh for as long as the kernel has to be called again for it.
  void transform(stream& state, window& from, byte_span room, window& into);
  /// The step of all streams that were added since the last one. Those that broke, in order; the
  /// others went on.
  std::vector<broken_stream> run(kernel& with);

private:
  struct ends {
    window* from = nullptr; ///< null: only looked at
    window* into = nullptr;
  };
  std::vector<job> jobs_;
  std::vector<ends> ends_;
};

/// The step of a single stream that is only looked at.
result<void> observe(kernel& with, stream& state, const window& from);
/// The step of a single stream that is changed.
result<void> transform(kernel& with, stream& state, window& from, byte_span room, window& into);

/// Steps a single stream until nothing of `from` is left, and hands on what each step made.
/// @param room  memory for that, used again by the next step
/// @param to    called with each window that has something to take; a failure of it ends the work
template <class Taker>
result<void> feed(kernel& with, stream& state, window from, byte_span room, Taker&& to) {
  while (from.fresh) {
    window made;
    if (auto stepped = transform(with, state, from, room, made); !stepped)
      return stepped;
    if (!made.fresh)
      continue;
    if (auto taken = to(made); !taken)
      return taken;
  }
  return success();
}

} // namespace pgbraid::codec

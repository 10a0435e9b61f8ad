// One place where lines of the log go, of which nobody knows whether it takes them.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string_view>

namespace pgbraid::log {

/// Writes to a descriptor that others may share (so its flags stay as they are) and that may be a
/// pipe, a terminal or a socket which nobody reads: a stopped terminal, a pager, a dead collector.
/// Not thread-safe.
class sink {
public:
  /// Writes the text, or gives it up after two seconds. A place that took nothing for so long is
  /// not waited for again until it takes something: what it does not take at once is lost.
  /// @returns whether all of it was written
  bool put(int fd, std::string_view text);

  /// Lines that were given up since the last that was written.
  uint64_t lost() const { return lost_; }
  /// Part of a line was written, the rest was not.
  bool is_torn() const { return torn_; }
  /// It took nothing for so long that nobody waits for it now.
  bool is_stuck() const { return stuck_; }

private:
  bool write_all(int fd, std::string_view text);

  uint64_t lost_ = 0;
  bool torn_ = false;
  bool stuck_ = false;
};

} // namespace pgbraid::log

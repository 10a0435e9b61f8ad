// What waits while WAL is archived: looked at by the clock, whatever hangs.
// Source: cli/command/README.md, section 4.2.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace pgbraid {

/// WAL files that PostgreSQL waits for.
struct waiting_wal {
  std::vector<std::string> unanswered = {}; ///< nobody has told yet what became of them
  size_t all = 0;                           ///< those included that it was not yet told of
};

/// What others do about it.
struct push_watch_hands {
  /// Called every second. What it does may take long.
  std::function<void()> look;
  /// Nothing got on for so long; called once, until something does.
  std::function<void()> tell_stall;
  std::chrono::milliseconds stall{60'000};
};

/// Looks in a thread of its own until it is destroyed. Without threads there is none.
class push_watch {
public:
  explicit push_watch(push_watch_hands hands);
  ~push_watch();
  push_watch(const push_watch&) = delete;
  push_watch& operator=(const push_watch&) = delete;

  /// May be called by any thread.
  void progressed();

private:
  class watcher;
  std::unique_ptr<watcher> watcher_;
};

} // namespace pgbraid

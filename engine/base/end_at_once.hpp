// The end of a process that cannot, or must not, wait for anybody any more.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/log.hpp"

#include <string_view>

namespace pgbraid {

/// What is said at the very end.
struct last_words {
  int descriptor = -1; ///< where `text` goes, with its line feed; -1 for nowhere
  std::string_view text = {};
  log::level at = log::level::info;
  std::string_view log_line = {}; ///< for the log file alone; may be empty
};

/// Ends children, removes locks, says what there is to say, and is gone: safe in a signal handler,
/// takes no lock, and waits for no reader. PostgreSQL ends a backup with the session that began it.
[[noreturn]] void end_at_once(int status, const last_words& words);

/// The saying alone: text that its place does not take at once is lost.
void say_at_once(const last_words& words);

} // namespace pgbraid

// What an archive that cannot be asked means for whoever asks.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/error.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace pgbraid::plan {

/// Whether a repository that failed this way may do better in a while: hosts come back, broken
/// connections are made anew. What is missing, damaged, foreign or refused stays so.
bool may_heal(errc code);

/// What lies in a data directory and says how PostgreSQL recovers.
struct recovery_marks {
  bool recovery_signal = false;
  bool standby_signal = false;
  std::optional<std::string> recovery_conf = {}; ///< its text, before version 12
};

enum class recovery_mode {
  none,
  standby,  ///< asks for WAL again and again
  promotes, ///< opens the cluster where the archive is said to end
};

recovery_mode recovery_mode_of(const recovery_marks& found);

/// Whether a recovery.conf switches standby_mode on; the last line counts, as for PostgreSQL.
bool is_standby_conf(std::string_view text);

} // namespace pgbraid::plan

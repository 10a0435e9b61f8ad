// archive-get as PostgreSQL calls it: by the spool, or by who does it here.
// Source: cli/command/README.md, section 6.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/base/wal_location.hpp"
#include "engine/config/options.hpp"

#include <chrono>
#include <functional>
#include <string>

namespace pgbraid::cli {

struct wanted_wal {
  std::string name; ///< one that PostgreSQL archives
  wal_location destination;
  /// How long repositories that cannot be asked now are asked again; archive-timeout.
  std::chrono::milliseconds patience;
  /// Whoever asks will ask again by itself, as a standby does.
  bool once = false;
};

/// Fetches one file within this process; returns the exit status: 1 when no archive has it.
using get_here = std::function<result<int>(const wanted_wal& wanted)>;

/// Checks the words and names of the command; then it is a matter of the spool, or of `here`. Links
/// no more than what starts in no time.
result<int> get_in_foreground(const config::options& opts, const get_here& here);

} // namespace pgbraid::cli

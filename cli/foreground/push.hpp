// archive-push as PostgreSQL calls it: by the spool, or by who does it here.
// Source: cli/command/README.md, section 4.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/base/wal_location.hpp"
#include "engine/config/options.hpp"

#include <functional>

namespace pgbraid::cli {

/// Archives one file within this process; returns the exit status.
using push_here = std::function<result<int>(const wal_location& wal)>;

/// Checks the words and names of the command; then it is a matter of the spool, or of `here`. Links
/// no more than what starts in no time.
result<int> push_in_foreground(const config::options& opts, const push_here& here);

} // namespace pgbraid::cli

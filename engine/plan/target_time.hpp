// The time a restore should stop at, as users write it.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace pgbraid::plan {

/// Parses `YYYY-MM-DD HH:MM:SS[.fraction][+/-HH[[:]MM]]`; without an offset the time is in the
/// local zone of the process.
/// @returns seconds since the epoch, rounded down, since backups store whole seconds
/// Fails with `format` (29).
result<int64_t> parse_target_time(std::string_view text);

/// The same time with an offset: one without is given that of the local zone of the process, so
/// that whoever reads it in another zone means the same moment. Fails as `parse_target_time`.
result<std::string> with_zone(std::string_view text);

/// `YYYY-MM-DD HH:MM:SS` in the local zone.
std::string format_local_time(int64_t time_s);

} // namespace pgbraid::plan

// Times as reports show them.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

namespace pgbraid::report {

/// A time since 1970 in the local zone with its offset: `2026-11-21 22:36:27+00`, `...+05:30`.
std::string local_time(int64_t at_s);

} // namespace pgbraid::report

// When this system was started.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/clock.hpp"

namespace pgbraid {

/// As the clock on the wall would have said it; that may have been set since.
wall_clock::time_point system_start() noexcept;

} // namespace pgbraid

// Whether this user should run this command.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/config/options.hpp"

namespace pgbraid::cli {

/// Fails with `option_invalid` (31) for root where root should not be; the hint says why, and what
/// to type instead.
result<void> check_user(const config::options& opts);

} // namespace pgbraid::cli

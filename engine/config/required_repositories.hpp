// Which repositories must have a WAL file before PostgreSQL may remove it.
// Source: cli/command/README.md, section 4.4.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/config/options.hpp"

#include <set>

namespace pgbraid::config {

/// Keys of those that `archive-require` names, each configured and at least one; of all where it is
/// not set. Fails with `option_invalid_value` (32).
result<std::set<unsigned>> required_repositories(const options& opts);

} // namespace pgbraid::config

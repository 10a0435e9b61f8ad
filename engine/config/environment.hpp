// Options from the environment: PGBRAID_X, then PGBACKREST_X.
// Source: engine/config/README.md, section 5.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/config/sources.hpp"

namespace pgbraid::config {

/// Options of the environment that `who` knows; what `into` has already stays.
result<void> add_environment(const std::vector<std::pair<std::string, std::string>>& variables,
                             command_and_role who, setting_map& into,
                             std::vector<std::string>& warnings);

} // namespace pgbraid::config

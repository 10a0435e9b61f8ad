// The users and groups of this host.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/plan/restore_owner.hpp"

namespace pgbraid {

/// Looks names and ids up in the system's databases. Not for several threads at once.
plan::owner_lookup host_names();

} // namespace pgbraid

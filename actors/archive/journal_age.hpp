// WAL that waited too long for its repository.
// Source: cli/command/README.md, section 4.4.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/archive/push.hpp"

#include <string_view>

namespace pgbraid {

/// What waits longer than it may becomes a gap, which is told, whatever the repository does. A kill
/// in the middle leaves marker and file; then the file is given up, or stored nevertheless, by the
/// next one. May be called by any thread.
/// @param under_way  WAL file that somebody stores now, which is left to him; empty: none
void give_up_old(const journaled_door& of, std::string_view under_way = {});

} // namespace pgbraid

// Which commands the front does itself.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/config/load.hpp"

#include <optional>

namespace pgbraid::cli {

/// The options of a command that the front may answer: archive-push or archive-get, as a user calls
/// them, by the spool, with nothing to warn of or to refuse in its words and its configuration.
/// Empty for everything else, and wherever there is a doubt: the full program says what is wrong.
/// @param effective_user  the user id of this process
std::optional<config::options> options_for_front(const config::inputs& from,
                                                 unsigned effective_user);

} // namespace pgbraid::cli

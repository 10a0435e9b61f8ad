// What both programs do before they look at their words.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/config/load.hpp"

#include <string>

namespace pgbraid::cli {

/// Passphrases are in memory, so memory must not end up in a core file.
void forbid_core_files();

/// Words and environment of this process.
/// @param program  the path that users call it by
config::inputs inputs_of(int argc, char** argv, std::string program);

} // namespace pgbraid::cli

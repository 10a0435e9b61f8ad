// What a command answers on standard output.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"

#include <string_view>

namespace pgbraid::cli {

/// Prints all of it; the exit status is 0 then. Fails with `file_write` (64).
result<int> print_answer(std::string_view text);

} // namespace pgbraid::cli

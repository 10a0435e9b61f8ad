// What a command answers on standard output.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"

#include <string_view>

namespace pgbraid::cli {

/// Prints all of it; the exit status is 0 then. Fails with `file_write` (64).
result<int> print_answer(std::string_view text);

/// A part of an answer that may be large, in bytes of any kind. False when nobody reads any more.
/// Fails with `file_write` (64).
result<bool> print_piece(std::string_view bytes);

} // namespace pgbraid::cli

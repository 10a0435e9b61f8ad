// A command that one program of ours began and another one goes on with, in the same process.
// Source: cli/command/README.md, section 4.3.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/clock.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pgbraid::cli {

/// The begin line is in the log, the checks were done, and the spool was asked.
struct begun_command {
  monotonic::time_point began = {};
  std::string exec_id = {};
};

/// The variable that tells the next program; no prefix of options, which users set.
inline constexpr const char* begun_variable = "_PGBRAID_BEGUN";

/// What it says: only for this process, whatever inherits it.
std::string begun_text(const begun_command& one, int64_t process);
/// Empty when it is of another process, or no such text.
std::optional<begun_command> parse_begun(std::string_view text, int64_t process);

/// This process goes on with a command that was begun.
void continue_command(begun_command one);
const std::optional<begun_command>& continued_command();

} // namespace pgbraid::cli

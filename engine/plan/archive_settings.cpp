// Whether a server is set up to archive its WAL with this program.
// SPDX-License-Identifier: MIT
#include "engine/plan/archive_settings.hpp"

#include <fmt/format.h>

namespace pgbraid::plan {

result<void> check_archive_settings(const archive_settings& server, bool refuse_always) {
  if (server.mode == "off")
    return error{errc::archive_disabled, "archive_mode must be enabled"};
  if (server.mode == "always" && refuse_always) {
    return error{
        errc::feature_not_supported, "archive_mode=always not supported",
        "Disable option archive-mode-check, and WAL that standbys push again is accepted."};
  }
  const auto& command = server.command;
  if (command.find("pgbraid") != command.npos || command.find("pgbackrest") != command.npos)
    return success();
  return error{errc::archive_command_invalid,
               fmt::format("archive_command '{}' must contain pgbraid or pgbackrest", command)};
}

} // namespace pgbraid::plan

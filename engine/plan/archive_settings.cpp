// Whether a server is set up to archive its WAL with this program.
// SPDX-License-Identifier: MIT
#include "engine/plan/archive_settings.hpp"

#include <fmt/format.h>

namespace pgbraid::plan {

namespace {

/// The last version that goes by archive_library where archive_command is set, too, is 15.
constexpr uint32_t first_that_refuses_both = 160000;

result<void> check_archive_module(const archive_settings& server) {
  if (!is_our_archive_module(server.library))
    return error{errc::archive_command_invalid,
                 fmt::format("archive_library '{}' must be pgbraid_archive", server.library)};
  if (!server.command.empty() && server.version_num >= first_that_refuses_both)
    return error{errc::archive_command_invalid, "archive_command and archive_library are both set",
                 "PostgreSQL 16 and later archives nothing then. Set archive_command to ''."};
  if (server.module_stanza.empty())
    return error{errc::archive_command_invalid, "pgbraid_archive.stanza is not set",
                 "The archive module archives nothing without it."};
  return success();
}

} // namespace

bool is_our_archive_module(std::string_view library) {
  constexpr std::string_view ending = ".so";
  if (library.ends_with(ending))
    library.remove_suffix(ending.size());
  return library.substr(library.rfind('/') + 1) == "pgbraid_archive";
}

result<void> check_archive_settings(const archive_settings& server, bool refuse_always) {
  if (server.mode == "off")
    return error{errc::archive_disabled, "archive_mode must be enabled"};
  if (server.mode == "always" && refuse_always) {
    return error{
        errc::feature_not_supported, "archive_mode=always not supported",
        "Disable option archive-mode-check, and WAL that standbys push again is accepted."};
  }
  if (!server.library.empty())
    return check_archive_module(server);
  const auto& command = server.command;
  if (command.find("pgbraid") != command.npos || command.find("pgbackrest") != command.npos)
    return success();
  return error{errc::archive_command_invalid,
               fmt::format("archive_command '{}' must contain pgbraid or pgbackrest", command)};
}

} // namespace pgbraid::plan

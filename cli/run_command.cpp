// Which function is which command.
// SPDX-License-Identifier: MIT
#include "cli/run_command.hpp"

#include "cli/command/commands.hpp"
#include "cli/frame/frame.hpp"
#include "cli/server/remote_role.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace pgbraid::cli {

namespace {

using config::command_id;
constexpr auto runners = std::to_array<std::pair<command_id, run_function>>({
    {command_id::archive_get, run_archive_get},
    {command_id::archive_push, run_archive_push},
    {command_id::backup, run_backup},
    {command_id::check, run_check},
    {command_id::expire, run_expire},
    {command_id::info, run_info},
    {command_id::restore, run_restore},
    {command_id::server, run_server},
    {command_id::server_ping, run_server_ping},
    {command_id::stanza_create, run_stanza_create},
});

result<int> dispatch(const config::options& opts) {
  if (opts.role() == config::command_role::remote)
    return run_remote_role(opts);
  for (const auto& [id, run] : runners)
    if (id == opts.command())
      return run(opts);
  return error{errc::feature_not_supported,
               fmt::format("the '{}' command is not supported yet", opts.command_name())};
}

} // namespace

int run_command(config::options opts) {
  return run_framed(std::move(opts), dispatch);
}

} // namespace pgbraid::cli

// Which function is which command.
// SPDX-License-Identifier: MIT
#include "cli/run_command.hpp"

#include "cli/command/commands.hpp"
#include "cli/frame/frame.hpp"
#include "cli/open/hosts.hpp"
#include "cli/server/remote_role.hpp"

#include <fmt/format.h>

#include <array>
#include <span>
#include <utility>

namespace pgbraid::cli {

namespace {

using config::command_id;
using runner = std::pair<command_id, run_function>;
constexpr auto runners = std::to_array<runner>({
    {command_id::archive_get, run_archive_get},
    {command_id::archive_push, run_archive_push},
    {command_id::archive_server, run_archive_server},
    {command_id::backup, run_backup},
    {command_id::check, run_check},
    {command_id::expire, run_expire},
    {command_id::info, run_info},
    {command_id::repo_get, run_repo_get},
    {command_id::repo_ls, run_repo_ls},
    {command_id::restore, run_restore},
    {command_id::server, run_server},
    {command_id::server_ping, run_server_ping},
    {command_id::stanza_create, run_stanza_create},
    {command_id::verify, run_verify},
});

/// The commands that go on in the background.
constexpr auto background_runners = std::to_array<runner>({
    {command_id::archive_get, run_archive_get_async},
    {command_id::archive_push, run_archive_push_async},
});

result<int> dispatch(const config::options& opts) {
  if (opts.role() == config::command_role::remote)
    return run_remote_role(opts);
  const bool background = opts.role() == config::command_role::async;
  for (const auto& [id, run] : background ? std::span<const runner>(background_runners) : runners)
    if (id == opts.command())
      return run(opts);
  return error{errc::feature_not_supported,
               fmt::format("the '{}{}' command is not supported yet", opts.command_name(),
                           config::role_suffix(opts.role()))};
}

} // namespace

int run_command(config::options opts) {
  return run_framed(std::move(opts), dispatch, leave_hosts);
}

} // namespace pgbraid::cli

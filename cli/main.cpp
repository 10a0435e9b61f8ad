// The program: from its arguments to one command and its exit status.
// SPDX-License-Identifier: MIT
#include "cli/frame/continued.hpp"
#include "cli/frame/recovery_stop.hpp"
#include "cli/frame/signals.hpp"
#include "cli/help/help.hpp"
#include "cli/run_command.hpp"
#include "cli/start/installed_pair.hpp"
#include "cli/start/process.hpp"
#include "engine/base/access_hint.hpp"
#include "engine/base/exit_children.hpp"
#include "engine/base/exit_locks.hpp"
#include "engine/base/log.hpp"
#include "engine/base/side_by_side.hpp"
#include "engine/config/load.hpp"
#include "engine/config/sources.hpp"
#include "engine/io/descriptor_limit.hpp"
#include "engine/io/lock_file.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

namespace pgbraid::cli {

namespace {

/// What the front of this program told, if this process was it.
void take_over_command() {
  const char* told = std::getenv(begun_variable);
  if (told == nullptr)
    return;
  if (auto begun = parse_begun(told, ::getpid()))
    continue_command(std::move(*begun));
  ::unsetenv(begun_variable);
}

/// What was read is not handed on: ssh, and whatever it starts, need no passphrase of ours.
void keep_from_children(const config::inputs& from) {
  for (const auto& name : config::secret_variables(from.environment))
    ::unsetenv(name.c_str());
}

int failed(const error& what) {
  log::failure(with_recovery_hint(what));
  return recovery_status(static_cast<int>(what.code));
}

int print(const std::string& text) {
  const bool whole = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  return whole && std::fflush(stdout) == 0 ? 0 : static_cast<int>(errc::file_write);
}

int print_help(const config::options& opts) {
  const auto text = help_text(opts);
  return text ? print(*text) : failed(text.failure());
}

int run(const config::inputs& from, std::string_view called_as) {
  arm_recovery_stop(from.args);
  // The syntax of the command line comes before anybody could say where the log goes.
  log::configure({.console = log::level::warn, .to_stderr = log::level::error, .timestamp = false});
  auto line = config::parse_command_line(from.args);
  if (!line)
    return failed(line.failure());
  const bool help = line->help;

  const bool serves = line->role == config::command_role::remote;
  if (serves && !help && ::isatty(STDIN_FILENO))
    return failed({errc::command_invalid,
                   fmt::format("the '{}:remote' command is not for terminals",
                               config::row_of(line->command).name),
                   "It is what another host starts here to be served."});
  // Standard output of a serving role belongs to the other host.
  log::configure({.console = serves ? log::level::off : log::level::warn,
                  .to_stderr = serves ? log::level::error : log::level::off,
                  .timestamp = false});
  std::vector<std::string> warnings;
  auto opts = config::resolve(std::move(*line), from, warnings);
  // What these print is read by programs: nothing may stand before it.
  if (!serves && opts && opts->is_quiet())
    log::configure({.console = log::level::off, .to_stderr = log::level::warn, .timestamp = false});
  for (const auto& text : warnings)
    log::warn("{}", text);
  if (!opts)
    return failed(opts.failure());

  if (help)
    return print_help(*opts);
  if (opts->command() == config::command_id::version)
    return print(version_output(*opts, called_as_peer(called_as)));
  const auto& begun = continued_command();
  opts->set_exec_id(begun ? begun->exec_id : io::make_exec_id());
  return run_command(std::move(*opts));
}

/// What is left of the process when its command is over.
int leave(int status) {
  if (join_aside())
    return status;
  // A thread waits for a host that does not answer: it must find everything as it was.
  std::fflush(nullptr);
  end_exit_children();
  remove_exit_locks();
  ::_exit(status);
}

} // namespace

} // namespace pgbraid::cli

int main(int argc, char** argv) {
  if (argc < 1)
    return static_cast<int>(pgbraid::errc::unhandled);
  pgbraid::note_command_line({argv, static_cast<size_t>(argc)});
  pgbraid::cli::forbid_core_files();
  pgbraid::io::raise_descriptor_limit();
  pgbraid::cli::install_signal_handlers();
  pgbraid::cli::take_over_command();
  const auto from = pgbraid::cli::inputs_of(
      argc, argv, pgbraid::cli::program_for_users(pgbraid::cli::running_program()));
  pgbraid::cli::keep_from_children(from);
  return pgbraid::cli::leave(pgbraid::cli::run(from, argv[0]));
}

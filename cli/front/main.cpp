// The front of the program: archive-push and archive-get where the spool has the answer, in no
// time; everything else is the full program's.
//
// SPDX-License-Identifier: MIT
#include "cli/foreground/get.hpp"
#include "cli/foreground/push.hpp"
#include "cli/frame/continued.hpp"
#include "cli/frame/frame.hpp"
#include "cli/frame/recovery_stop.hpp"
#include "cli/frame/signals.hpp"
#include "cli/front/choice.hpp"
#include "cli/front/full_program.hpp"
#include "cli/start/installed_pair.hpp"
#include "cli/start/process.hpp"
#include "engine/base/access_hint.hpp"
#include "engine/base/clock.hpp"
#include "engine/base/log.hpp"
#include "engine/base/stop_signal.hpp"
#include "engine/io/lock_file.hpp"

#include <unistd.h>

#include <cstdlib>
#include <utility>

namespace pgbraid::cli {

namespace {

/// As this process got them; for the program that it may become.
char** own_words = nullptr;

/// The command was begun here, and the spool does not have the answer.
result<int> go_on_as_full_program(const config::options& opts, monotonic::time_point began) {
  if (stop_signal != 0) // What was noted of it would be lost.
    return error{errc::term, "terminated before the archive was asked"};
  const begun_command begun{.began = began, .exec_id = opts.exec_id()};
  // In the place of what others left there: nobody reads the second of two.
  if (::setenv(begun_variable, begun_text(begun, ::getpid()).c_str(), 1) != 0)
    return error{errc::memory, "no memory left to tell that the command was begun"};
  return become_full_program(own_words, opts.program());
}

result<int> run_by_spool(const config::options& opts) {
  const auto here = [&opts, began = monotonic::now()](const auto&) {
    return go_on_as_full_program(opts, began);
  };
  return opts.command() == config::command_id::archive_push ? push_in_foreground(opts, here)
                                                            : get_in_foreground(opts, here);
}

int run(const config::inputs& from) {
  arm_recovery_stop(from.args);
  auto opts = options_for_front(from, ::geteuid());
  if (!opts) {
    log::configure(
        {.console = log::level::warn, .to_stderr = log::level::error, .timestamp = false});
    const auto failed = become_full_program(own_words, from.program);
    log::failure(with_recovery_hint(failed));
    return recovery_status(static_cast<int>(failed.code));
  }
  opts->set_exec_id(io::make_exec_id());
  return run_framed(std::move(*opts), run_by_spool);
}

} // namespace

} // namespace pgbraid::cli

int main(int argc, char** argv) {
  namespace cli = pgbraid::cli;
  if (argc < 1)
    return static_cast<int>(pgbraid::errc::unhandled);
  pgbraid::note_command_line({argv, static_cast<size_t>(argc)});
  cli::forbid_core_files();
  cli::install_signal_handlers();
  cli::own_words = argv;
  return cli::run(cli::inputs_of(argc, argv, cli::running_program()));
}

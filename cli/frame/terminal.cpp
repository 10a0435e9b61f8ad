// What somebody at a terminal is told.
// SPDX-License-Identifier: MIT
#include "cli/frame/terminal.hpp"

#include "engine/base/log_sink.hpp"
#include "engine/base/printable.hpp"

#include <unistd.h>

namespace pgbraid::cli {

void tell_terminal(const config::options& opts, const std::string& line) {
  const auto& console = opts.text("log-level-console");
  const bool silent = console == "off" || console == "error" || console == "warn";
  if (!silent || ::isatty(STDOUT_FILENO) == 0)
    return;
  log::sink().put(STDOUT_FILENO, printable_line(line) + "\n");
}

} // namespace pgbraid::cli

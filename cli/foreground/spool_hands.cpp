// What the options say of the way through the spool.
// SPDX-License-Identifier: MIT
#include "cli/foreground/spool_hands.hpp"

#include "cli/frame/continued.hpp"
#include "cli/open/lock_names.hpp"
#include "cli/open/locks.hpp"
#include "cli/spool/background_process.hpp"
#include "engine/config/load.hpp"

#include <fmt/format.h>

#include <string_view>
#include <utility>
#include <vector>

namespace pgbraid::cli {

namespace {

/// What a service manager told this process, or who started it, and nobody else.
bool is_for_this_process(std::string_view name) {
  return name == "NOTIFY_SOCKET" || name.starts_with("LISTEN_") || name.starts_with("WATCHDOG_");
}

/// With what this process took out of its environment, so that children do not find it there.
std::vector<std::string> whole_environment(const config::options& opts) {
  std::vector<std::string> out;
  for (const auto& [name, value] : opts.inputs_of_run().environment)
    if (!is_for_this_process(name))
      out.push_back(fmt::format("{}={}", name, value));
  return out;
}

result<void> start_detached(const config::options& opts, std::vector<std::string> words) {
  words.insert(words.begin(), opts.program());
  return start_in_background(words, whole_environment(opts));
}

result<void> start_role(const config::options& opts, const std::string& parameter) {
  return start_detached(opts, opts.background_words({parameter}));
}

} // namespace

bool asks_spool(const config::options& opts) {
  return opts.flag("archive-async") && !continued_command();
}

foreground_settings foreground_of(const config::options& opts, std::string directory) {
  return {.directory = std::move(directory),
          .timeout = std::chrono::milliseconds(opts.time_ms("archive-timeout")),
          .timeout_text = opts.shown(config::key("archive-timeout").row(), 0),
          .background_log = fmt::format("{}/{}-{}-async.log", opts.text("log-path"),
                                        opts.text("stanza"), opts.command_name()),
          .locks = lock_request_of(opts, lock_types(config::lock_kind::archive).front())};
}

foreground_hands hands_of(const config::options& opts, std::function<result<int>()> here) {
  return {.start = [&opts](const std::string& parameter) { return start_role(opts, parameter); },
          .here = std::move(here)};
}

result<void> start_archiver(const config::options& opts) {
  return start_detached(opts, opts.background_words_for(config::command_id::archive_server));
}

} // namespace pgbraid::cli

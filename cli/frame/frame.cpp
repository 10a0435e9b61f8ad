// What surrounds a command.
// SPDX-License-Identifier: MIT
#include "cli/frame/frame.hpp"

#include "cli/frame/continued.hpp"
#include "cli/frame/recovery_stop.hpp"
#include "cli/frame/signals.hpp"
#include "cli/frame/who_runs.hpp"
#include "cli/open/locks.hpp"
#include "cli/open/workers.hpp"
#include "engine/base/caught.hpp"
#include "engine/base/clock.hpp"
#include "engine/base/enum_words.hpp"
#include "engine/base/log_banner.hpp"
#include "engine/base/stop_signal.hpp"
#include "engine/config/load.hpp"
#include "engine/io/trusted_directory.hpp"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <optional>
#include <utility>

namespace pgbraid::cli {

namespace {

log::level level_named(std::string_view name) {
  constexpr auto names =
      words_of<log::level>("off", "error", "warn", "info", "detail", "debug", "trace");
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name)
      return static_cast<log::level>(i);
  }
  return log::level::off;
}

bool serves(const config::options& opts) {
  return opts.role() == config::command_role::remote;
}

int64_t process_of(const config::options& opts) {
  return opts.has_value("process") ? opts.integer("process") : 0;
}

log::level frame_level(const config::options& opts) {
  return opts.is_quiet() ? log::level::debug : log::level::info;
}

/// Commands that keep to the console still write a file when they are asked for it.
bool wants_log_file(const config::options& opts) {
  if (opts.text("log-level-file") == "off")
    return false;
  if (serves(opts))
    return opts.flag("log-subprocess");
  return (config::row_of(opts.command()).log_file && !opts.is_quiet()) ||
         opts.role() == config::command_role::async ||
         opts.source("log-level-file") == config::value_source::command_line;
}

void open_log_file(const config::options& opts) {
  if (!wants_log_file(opts))
    return;
  constexpr std::string_view note = "NOTE: the command goes on without a log file.";
  if (auto fine =
          io::check_directory_trust(opts.text("log-path"), "log path", trusted_owners(opts));
      !fine) {
    log::warn("{}\n{}", fine.failure().text(), note);
    return;
  }
  const auto stanza = opts.has_value("stanza") ? opts.text("stanza") : std::string("all");
  const auto role = serves(opts) ? fmt::format("-remote-{:03}", process_of(opts))
                    : opts.role() == config::command_role::async ? std::string("-async")
                                                                 : std::string();
  const auto path =
      fmt::format("{}/{}-{}{}.log", opts.text("log-path"), stanza, opts.command_name(), role);
  if (auto opened = log::open_file(path); !opened)
    log::warn("{}\n{}", opened.failure().message, note);
  if (continued_command())
    log::skip_banner();
}

/// From the begin line to the outcome.
result<int> checked_run(config::options& opts, run_function run) {
  const bool begun = continued_command().has_value();
  if (!begun)
    log::write(frame_level(opts), opts.begin_line());
  std::vector<std::string> warnings;
  auto checked = config::check_final(opts, warnings);
  for (const auto& line : warnings)
    if (!begun)
      log::warn("{}", line);
  if (!checked)
    return checked.failure();
  return caught([&] { return run(opts); });
}

/// The command that is running now, and since when.
struct frame {
  explicit frame(const config::options& opts)
      : name(fmt::format("{}{}", opts.command_name(), config::role_suffix(opts.role()))),
        level(frame_level(opts)), timestamp(opts.flag("log-timestamp")) {}

  std::string name; ///< with its role
  log::level level;
  bool timestamp;
  monotonic::time_point began = monotonic::now();
};

/// A process runs one command at a time, but one may follow another.
std::optional<frame>& current() {
  static std::optional<frame> one;
  return one;
}

void log_success(const frame& of) {
  const auto took =
      std::chrono::duration_cast<std::chrono::milliseconds>(monotonic::now() - of.began);
  const auto suffix = of.timestamp ? fmt::format(" ({}ms)", took.count()) : std::string{};
  log::write(of.level, fmt::format("{} command end: completed successfully{}", of.name, suffix));
}

void log_failure_end(const frame& of, const error& what) {
  log::write(of.level, fmt::format("{} command end: aborted with exception [{:03}]", of.name,
                                   static_cast<unsigned>(what.code)));
}

bool stopped(const result<int>& outcome) {
  return !outcome && outcome.failure().code == errc::term && stop_signal != 0;
}

} // namespace

result<void> prepare_process(const config::options& opts) {
  if (opts.valid("neutral-umask") && opts.flag("neutral-umask"))
    ::umask(0);
  if (opts.has_value("priority") &&
      ::setpriority(PRIO_PROCESS, 0, static_cast<int>(opts.integer("priority"))) != 0)
    return system_error(errc::kernel, "unable to set process priority", errno);
  return success();
}

log::settings log_settings(const config::options& opts) {
  // Standard output of a serving role belongs to the other host, and what it prints to standard
  // error is read when something went wrong.
  return {.console = serves(opts) ? log::level::off : level_named(opts.text("log-level-console")),
          .file = level_named(opts.text("log-level-file")),
          .to_stderr =
              serves(opts) ? log::level::error : level_named(opts.text("log-level-stderr")),
          .timestamp = opts.flag("log-timestamp"),
          .dry_run = opts.valid("dry-run") && opts.flag("dry-run"),
          .process_digits = log_digits_of(opts)};
}

int run_framed(config::options opts, run_function run, void (*leave)()) {
  current().emplace(opts);
  if (const auto& begun = continued_command())
    current()->began = begun->began;
  arm_recovery_stop(opts);
  note_running(config::row_of(opts.command()).name.data(), frame_level(opts));
  log::configure(log_settings(opts));
  result<int> outcome = 0;
  if (auto allowed = check_user(opts); !allowed)
    outcome = allowed.failure();
  else if (auto prepared = prepare_process(opts); !prepared)
    outcome = prepared.failure();
  else {
    open_log_file(opts);
    outcome = checked_run(opts, run);
  }
  // Said first: a host that is slow to let locks go must not hold up what went wrong.
  if (!outcome && !stopped(outcome))
    log::failure(with_recovery_hint(outcome.failure()));
  leave();
  if (stopped(outcome)) {
    say_stopped(stop_signal);
    return recovery_status(static_cast<int>(errc::term));
  }
  if (!outcome) {
    log_failure_end(*current(), outcome.failure());
    return recovery_status(static_cast<int>(outcome.failure().code));
  }
  log_success(*current());
  return *outcome;
}

result<int> run_follow_up(const config::options& opts, config::command_id other, run_function run) {
  auto followed = opts.for_command(other);
  if (!followed)
    return followed.failure();
  if (current())
    log_success(*current());
  current().emplace(*followed);
  note_running(config::row_of(followed->command()).name.data(), frame_level(*followed));
  log::close_file();
  log::configure(log_settings(*followed));
  open_log_file(*followed);
  return checked_run(*followed, run);
}

} // namespace pgbraid::cli

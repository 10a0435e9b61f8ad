// Termination signals.
// SPDX-License-Identifier: MIT
#include "cli/frame/signals.hpp"

#include "engine/base/clock.hpp"
#include "engine/base/command_stage.hpp"
#include "engine/base/end_at_once.hpp"
#include "engine/base/error.hpp"
#include "engine/base/signal_text.hpp"
#include "engine/base/stop_signal.hpp"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <string_view>

namespace pgbraid::cli {

namespace {

/// The command that a signal would end; the text lives as long as the process.
std::atomic<const char*> running{nullptr};
std::atomic<log::level> running_level{log::level::info};

std::string_view name_of(int signal_number) {
  switch (signal_number) {
  case SIGINT:
    return "SIGINT";
  case SIGHUP:
    return "SIGHUP";
  default:
    return "SIGTERM";
  }
}

/// `, while copying files: 26% of 47201156 bytes were done`
void add_stage(signal_text& to) {
  const char* doing = the_command_stage.doing;
  if (doing == nullptr)
    return;
  to.add(", while ").add(doing);
  const uint64_t total = the_command_stage.total_bytes;
  if (total == 0)
    return;
  const auto share =
      100.0 * static_cast<double>(the_command_stage.done_bytes) / static_cast<double>(total);
  to.add(": ").add(static_cast<uint64_t>(share)).add("% of ").add(total).add(" bytes were done");
}

/// The bare line on the console, as the peer has it, and the end line in the log file. Only what is
/// safe in a signal handler.
struct stop_lines {
  explicit stop_lines(int signal_number) {
    console.add("terminated on signal ").add(name_of(signal_number)).add("\n");
    if (const char* command = running; command != nullptr) {
      file.add(command).add(" command end: terminated on signal ").add(name_of(signal_number));
      add_stage(file);
    }
  }
  last_words words() const { return {STDOUT_FILENO, console.view(), running_level, file.view()}; }

  signal_text console = {};
  signal_text file = {};
};

/// Managers of services signal a whole group, in which a parent signals its children once more:
/// what comes within this time is the first signal told again, not an impatient user.
constexpr int64_t told_again_ms = 1000;
std::atomic<int64_t> first_at_ms{0};

std::atomic<int> signal_status{static_cast<int>(errc::term)};

bool is_first_or_again() {
  const auto now = monotonic::now().time_since_epoch();
  const int64_t now_ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  int64_t none = 0;
  first_at_ms.compare_exchange_strong(none, now_ms);
  return now_ms - first_at_ms < told_again_ms;
}

extern "C" void on_signal(int signal_number) {
  const int saved = errno;
  const bool may_wait = is_first_or_again();
  int none = 0;
  stop_signal.compare_exchange_strong(none, signal_number);
  if (may_wait && stop_is_polled()) {
    errno = saved;
    return;
  }
  const stop_lines lines(stop_signal); // the first one, though a later one may end it
  end_at_once(signal_status, lines.words());
}

} // namespace

void note_running(const char* command, log::level at) {
  the_command_stage.enter(nullptr);
  running_level = at;
  running = command;
}

void say_stopped(int signal_number) {
  const stop_lines lines(signal_number);
  say_at_once(lines.words());
}

void set_signal_status(int status) {
  signal_status = status;
}

void install_signal_handlers() {
  struct sigaction action = {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  for (const int signal_number : {SIGTERM, SIGINT, SIGHUP})
    ::sigaction(signal_number, &action, nullptr);
  struct sigaction ignore = {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignore, nullptr);
}

} // namespace pgbraid::cli

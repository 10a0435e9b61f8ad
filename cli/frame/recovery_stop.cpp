// Whether this process must not fail quietly, and what it says then.
// SPDX-License-Identifier: MIT
#include "cli/frame/recovery_stop.hpp"

#include "cli/frame/signals.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

namespace pgbraid::cli {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view command_name = "archive-get";

bool& armed() {
  static bool one = false;
  return one;
}

void arm(bool on) {
  armed() = on;
  set_signal_status(on ? recovery_stop_status : static_cast<int>(errc::term));
}

bool is_there(const fs::path& file) {
  std::error_code ignored;
  return fs::exists(file, ignored);
}

std::optional<std::string> text_of(const fs::path& file) {
  if (!is_there(file))
    return std::nullopt;
  std::ifstream in(file, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

plan::recovery_mode mode_in(const fs::path& data) {
  return plan::recovery_mode_of({.recovery_signal = is_there(data / "recovery.signal"),
                                 .standby_signal = is_there(data / "standby.signal"),
                                 .recovery_conf = text_of(data / "recovery.conf")});
}

} // namespace

plan::recovery_mode recovery_mode_at(const config::options& opts) {
  if (opts.pg_count() > 0 && opts.has_value("pg-path", opts.pg_default()))
    if (const auto mode = mode_in(opts.text("pg-path", opts.pg_default()));
        mode != plan::recovery_mode::none)
      return mode;
  return mode_in(".");
}

void arm_recovery_stop(std::span<const std::string> args) {
  const auto has = [&](std::string_view word) {
    return std::ranges::find(args, word) != args.end();
  };
  arm(has(command_name) && !has("--no-recovery-stop") && !has("--recovery-stop=n") &&
      mode_in(".") == plan::recovery_mode::promotes);
}

void arm_recovery_stop(const config::options& opts) {
  arm(opts.command() == config::command_id::archive_get &&
      opts.role() == config::command_role::main && opts.flag("recovery-stop") &&
      recovery_mode_at(opts) == plan::recovery_mode::promotes);
}

void disarm_recovery_stop() {
  arm(false);
}

int recovery_status(int status) {
  // 1 is said when every repository was asked and none has the file.
  return armed() && status > 1 ? recovery_stop_status : status;
}

error with_recovery_hint(error what) {
  if (!armed())
    return what;
  what.hint += (what.hint.empty() ? "" : "\n");
  what.hint += "PostgreSQL is made to stop, because it would take this for the end of the archive "
               "and open the cluster without the WAL that follows.\n"
               "Start it again when the cause is gone. To recover from one repository alone add "
               "--repo=<N> to restore_command; to open the cluster without what is missing add "
               "--no-recovery-stop.\n"
               "PostgreSQL 15 and later ask for a segment before they need it: a target that lies "
               "before it is reached with recovery_prefetch=off.";
  return what;
}

} // namespace pgbraid::cli

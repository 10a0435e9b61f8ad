// The log: lines of the peer's shape on console, stderr and file.
// Source of the shapes: cli/command/README.md, section 1.3.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/error.hpp"
#include "engine/base/result.hpp"

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace pgbraid::log {

enum class level : uint8_t { off, error, warn, info, detail, debug, trace };

struct settings {
  level console = level::warn;
  level file = level::off;
  level to_stderr = level::off;
  bool timestamp = true;
  bool dry_run = false;
  /// 2, or 3 when process-max > 99.
  int process_digits = 2;
};

/// Replaces the settings; thread-safe, like everything here.
void configure(const settings& values);
/// Opens (appends to) a log file; lines at or below `settings::file` go there from now on.
result<void> open_file(const std::string& path);
void close_file();
/// Whether a line of this level would be written anywhere.
bool enabled(level wanted);
/// Writes one message (may have several lines). EPIPE on the console is ignored.
void write(level at, std::string_view message, unsigned process = 0);
/// `ERROR: [055]: text` and the hints.
void failure(const pgbraid::error& what, unsigned process = 0);

template <class... Ts> void warn(fmt::format_string<Ts...> f, Ts&&... args) {
  if (enabled(level::warn))
    write(level::warn, fmt::format(f, std::forward<Ts>(args)...));
}
template <class... Ts> void info(fmt::format_string<Ts...> f, Ts&&... args) {
  if (enabled(level::info))
    write(level::info, fmt::format(f, std::forward<Ts>(args)...));
}
template <class... Ts> void detail(fmt::format_string<Ts...> f, Ts&&... args) {
  if (enabled(level::detail))
    write(level::detail, fmt::format(f, std::forward<Ts>(args)...));
}
template <class... Ts> void debug(fmt::format_string<Ts...> f, Ts&&... args) {
  if (enabled(level::debug))
    write(level::debug, fmt::format(f, std::forward<Ts>(args)...));
}

} // namespace pgbraid::log

// What the options say of the resident archiver.
// SPDX-License-Identifier: MIT
#include "cli/foreground/archiver_hands.hpp"

#include "cli/archiver/archiver_start.hpp"
#include "cli/archiver/ask_archiver.hpp"
#include "cli/foreground/spool_hands.hpp"
#include "cli/frame/continued.hpp"
#include "cli/open/locks.hpp"
#include "engine/base/log.hpp"
#include "engine/config/option_name.hpp"

#include <fmt/format.h>

#include <chrono>
#include <string_view>

namespace pgbraid::cli {

namespace {

using reply = archiver_reply::kind;

/// Whether everybody who archives for this stanza may be told it in words of its own: it changes
/// nothing about where WAL goes.
bool is_for_caller(std::string_view name) {
  return name == "stanza" || name == "exec-id" || name == "allow-root" ||
         name.starts_with("config") || name.starts_with("log-") ||
         name.starts_with("archive-server-");
}

bool goes_by_files(const config::options& opts) {
  for (size_t row = 0; row < config::options_table.size(); ++row) {
    if (is_for_caller(config::options_table[row].name))
      continue;
    for (size_t i = 0; i < opts.position_count(row); ++i)
      if (opts.source_at(row, i) > config::value_source::file)
        return false;
  }
  return true;
}

void warn_lines(std::string_view text) {
  if (!text.empty())
    log::warn("{}", text);
}

/// Unless somebody did a moment ago.
void start_for_next(const config::options& opts) {
  const auto may = may_start_archiver(archiver_place_of(opts));
  if (may && !*may)
    return log::detail("an archive server was started a moment ago and does not listen yet");
  const auto started = may ? start_archiver(opts) : result<void>(may.failure());
  if (!started)
    log::warn("no archive server is started: {}", started.failure().text());
}

} // namespace

archiver_place archiver_place_of(const config::options& opts) {
  auto directory = opts.has_value("archive-server-path") ? opts.text("archive-server-path")
                                                         : opts.text("lock-path");
  auto path = fmt::format("{}/{}-archive.sock", directory, opts.text("stanza"));
  return {.directory = std::move(directory),
          .path = std::move(path),
          .also_trusted = trusted_owners(opts)};
}

bool asks_archiver(const config::options& opts) {
  return !continued_command() && opts.role() == config::command_role::main && goes_by_files(opts);
}

result<std::optional<int>> push_by_archiver(const config::options& opts, const wal_location& wal) {
  const auto here = std::optional<int>();
  auto said = ask_archiver({.place = archiver_place_of(opts),
                            .wal = wal,
                            .timeout = std::chrono::milliseconds(opts.time_ms("archive-timeout"))});
  if (!said && said.failure().code == errc::archive_timeout)
    return said.failure();
  if (!said) {
    log::warn("the archive server is not asked: {}", said.failure().message);
    return here;
  }
  if (said->is == reply::elsewhere)
    log::detail("the archive server leaves WAL file '{}' to others: {}", wal.name, said->text);
  if (said->is == reply::nobody && opts.flag("archive-server-start"))
    start_for_next(opts);
  if (said->is != reply::done)
    return here;
  if (said->code != 0)
    return error{static_cast<errc>(said->code), said->text};
  warn_lines(said->text);
  log::info("pushed WAL file '{}' to the archive{}", wal.name,
            opts.flag("archive-async") ? " asynchronously" : "");
  return std::optional(0);
}

} // namespace pgbraid::cli

// The restore command: a backup becomes a data directory again.
// SPDX-License-Identifier: MIT
#include "actors/restore/restore.hpp"

#include "actors/restore/host_names.hpp"
#include "cli/command/commands.hpp"
#include "cli/frame/answer.hpp"
#include "cli/frame/terminal.hpp"
#include "cli/open/graph_settings.hpp"
#include "cli/open/locks.hpp"
#include "cli/open/repositories.hpp"
#include "cli/open/whereabouts.hpp"
#include "engine/base/log.hpp"
#include "engine/base/units.hpp"
#include "storage/driver/posix/posix_storage.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <string>

namespace pgbraid::cli {

namespace {

plan::map_wish places_of(const config::options& opts) {
  plan::map_wish out{.pg_path = opts.text("pg-path"),
                     .tablespaces = opts.map("tablespace-map"),
                     .links = opts.map("link-map"),
                     .links_all = opts.flag("link-all")};
  if (opts.has_value("tablespace-map-all"))
    out.tablespaces_all = opts.text("tablespace-map-all");
  return out;
}

/// Some options have a value only together with certain types.
plan::recovery_wish recovery_of(const config::options& opts) {
  const auto program = opts.is_set("cmd") ? opts.text("cmd") : opts.program();
  plan::recovery_wish out{
      .type = *plan::parse_recovery_type(opts.text("type")),
      .exclusive = opts.has_value("target-exclusive") && opts.flag("target-exclusive"),
      .archive_mode_off = opts.text("archive-mode") == "off",
      .options = opts.map("recovery-option"),
      .restore_command =
          plan::restore_command_of(program, opts.words_for(config::command_id::archive_get))};
  if (opts.has_value("target"))
    out.target = opts.text("target");
  if (opts.has_value("target-action"))
    out.target_action = opts.text("target-action");
  if (opts.has_value("target-timeline"))
    out.target_timeline = opts.text("target-timeline");
  return out;
}

plan::database_wish databases_of(const config::options& opts) {
  return {.include = opts.list("db-include"), .exclude = opts.list("db-exclude")};
}

restore_request request_of(const config::options& opts) {
  restore_request out{.stanza = opts.text("stanza"),
                      .places = places_of(opts),
                      .recovery = recovery_of(opts),
                      .databases = databases_of(opts),
                      .type_given = opts.is_set("type"),
                      .overwrite = {.delta = opts.flag("delta"), .force = opts.flag("force")},
                      .on_doubt = opts.text("restore-check") == "refuse" ? plan::doubt_rule::refuse
                                                                         : plan::doubt_rule::warn,
                      .refuse_broken_pages = opts.flag("checksum-page-error"),
                      .spool_path = opts.text("spool-path"),
                      .answer_limit = std::chrono::milliseconds(opts.time_ms("protocol-timeout"))};
  if (opts.has_value("set") && opts.text("set") != "latest")
    out.set = opts.text("set");
  if (opts.source("repo") == config::value_source::command_line)
    out.only_repo = static_cast<unsigned>(opts.integer("repo"));
  return out;
}

restore_host this_host() {
  return {.open = [](const std::string& path) { return make_posix_storage(path); },
          .names = host_names(),
          .uid = ::geteuid(),
          .gid = ::getegid()};
}

/// Prints it, as text or as JSON.
result<int> preview(const config::options& opts, const restore_ends& between) {
  const auto seen = preview_restore(request_of(opts), between);
  if (!seen)
    return seen.failure();
  const auto text =
      opts.text("explain") == "json" ? report::preview_json(*seen) : report::preview_text(*seen);
  return print_answer(text);
}

result<int> explain(const config::options& opts, const restore_ends& between) {
  const auto drawn = draw_restore(request_of(opts), between);
  if (!drawn)
    return drawn.failure();
  for (const auto& job : *drawn)
    print_graph(opts, job.graph, job.use);
  return 0;
}

} // namespace

result<int> run_restore(const config::options& opts) {
  if (auto here = require_pg_host(opts); !here)
    return here.failure();
  const restore_ends between{.from = repository_doors(opts),
                             .to = this_host(),
                             .compile = [&](const auto& drawn, const auto& use) {
                               return graph_settings(opts, drawn, use);
                             }};
  if (opts.flag("dry-run") || opts.text("explain") == "json")
    return preview(opts, between);
  if (opts.text("explain") == "y")
    return explain(opts, between);
  const auto lock = lock_command(opts);
  if (!lock)
    return lock.failure();
  const auto done = restore_cluster(request_of(opts), between);
  if (!done)
    return done.failure();
  tell_terminal(opts, fmt::format("restore: backup {} is in {} ({}, {} files)", done->label,
                                  opts.text("pg-path"), format_size(done->bytes), done->files));
  for (const auto& line : done->reminders)
    log::warn("{}", line);
  return 0;
}

} // namespace pgbraid::cli

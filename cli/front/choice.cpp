// Which commands the front does itself.
// SPDX-License-Identifier: MIT
#include "cli/front/choice.hpp"

#include "cli/archiver/archiver_socket.hpp"
#include "cli/foreground/archiver_hands.hpp"
#include "cli/open/whereabouts.hpp"
#include "engine/config/sources.hpp"
#include "engine/postgres/wal_name.hpp"

#include <string>
#include <utility>
#include <vector>

namespace pgbraid::cli {

namespace {

using config::command_id;

/// Before any file is read.
bool may_be_for_front(const config::command_line& line) {
  return !line.help && line.role == config::command_role::main &&
         (line.command == command_id::archive_push || line.command == command_id::archive_get);
}

/// By the spool, or by the resident archiver; a history file is asked of the archive itself.
bool is_by_others(const config::options& opts) {
  const auto& words = opts.parameters();
  const bool async = opts.flag("archive-async");
  if (opts.command() == command_id::archive_get)
    return async && words.size() == 2 && postgres::is_segment_name(words.front());
  return words.size() == 1 &&
         (async || (asks_archiver(opts) && is_archiver_there(archiver_place_of(opts))));
}

/// As the frame will find it: the checks settle what nobody set, and do so twice with one result.
bool passes_quietly(config::options& opts, unsigned effective_user) {
  std::vector<std::string> warnings;
  return config::check_root(opts, effective_user) && require_pg_host(opts) &&
         config::check_final(opts, warnings) && warnings.empty();
}

} // namespace

std::optional<config::options> options_for_front(const config::inputs& from,
                                                 unsigned effective_user) {
  auto line = config::parse_command_line(from.args);
  if (!line || !may_be_for_front(*line))
    return std::nullopt;
  std::vector<std::string> warnings;
  auto opts = config::resolve(std::move(*line), from, warnings);
  if (!opts || !warnings.empty() || !is_by_others(*opts) || !passes_quietly(*opts, effective_user))
    return std::nullopt;
  return std::move(*opts);
}

} // namespace pgbraid::cli

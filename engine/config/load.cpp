// From arguments, environment and files to the options of one run.
// SPDX-License-Identifier: MIT
#include "engine/config/load.hpp"

#include "engine/config/config_file.hpp"
#include "engine/config/environment.hpp"
#include "engine/config/resolution.hpp"

#include <fmt/format.h>

namespace pgbraid::config {

namespace {

result<void> check_built(const command_line& line) {
  const auto& row = row_of(line.command);
  if (row.built || line.help)
    return success();
  return error{errc::feature_not_supported,
               fmt::format("the '{}' command is not supported yet", row.name)};
}

/// General help and version look at nothing but the command line, so that they work with a broken
/// configuration.
bool reads_nothing(const command_line& line) {
  return line.command == command_id::version || line.command == command_id::help;
}

result<std::vector<file_entry>> files_of(const command_line& line, const inputs& from,
                                         std::vector<std::string>& warnings) {
  auto given = line.given;
  std::vector<std::string> told_later;
  if (auto done = add_environment(from.environment, {line.command, line.role}, given, told_later);
      !done)
    return done.failure();
  return read_config_files(given, from.places, warnings);
}

} // namespace

result<options> resolve(command_line line, const inputs& from, std::vector<std::string>& warnings) {
  if (auto built = check_built(line); !built)
    return built.failure();
  auto all = std::make_shared<sources>();
  all->line = std::move(line);
  all->from = from;
  if (reads_nothing(all->line)) {
    all->from.environment.clear();
  } else {
    auto files = files_of(all->line, from, warnings);
    if (!files)
      return files.failure();
    all->file = std::move(*files);
  }
  const auto mode = all->line.help ? resolution_mode::help : resolution_mode::normal;
  return resolution(all, {all->line.command, all->line.role}, mode, warnings).run();
}

result<options> load(const inputs& from, std::vector<std::string>& warnings) {
  auto line = parse_command_line(from.args);
  if (!line)
    return line.failure();
  return resolve(std::move(*line), from, warnings);
}

} // namespace pgbraid::config

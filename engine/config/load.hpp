// From arguments, environment and files to the options of one run.
// Source of the rules: engine/config/README.md, section 1.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/config/options.hpp"

#include <string>
#include <utility>
#include <vector>

namespace pgbraid::config {

/// Where configuration is looked for when nobody says otherwise.
struct file_places {
  std::string own = "/etc/pgbraid/pgbraid.toml";
  std::string base = "/etc/pgbackrest"; ///< pgbackrest.conf and conf.d below it
  std::string old = "/etc/pgbackrest.conf";
};

/// Everything outside the program that decides the options.
struct inputs {
  std::vector<std::string> args; ///< without the name of the program
  std::vector<std::pair<std::string, std::string>> environment = {};
  std::string program = "pgbraid"; ///< real path of the running program
  file_places places = {};
};

/// Names of those variables that set a secret option (a passphrase, a key): what no child of this
/// process should find in its environment.
std::vector<std::string>
secret_variables(const std::vector<std::pair<std::string, std::string>>& variables);

struct command_line;

/// Syntax of the command line, names, and which command it is. Touches nothing.
result<command_line> parse_command_line(const std::vector<std::string>& args);

/// Reads environment and files, applies precedence, defaults, dependencies, ranges and required
/// options. `warnings` takes what users should know; it is filled even when this fails.
result<options> resolve(command_line line, const inputs& from, std::vector<std::string>& warnings);

/// Both steps at once.
result<options> load(const inputs& from, std::vector<std::string>& warnings);

/// Root may not run most commands without `allow-root`.
/// @param effective_user  the user id of this process
result<void> check_root(const options& opts, unsigned effective_user);

/// The checks that come once the locks are held: time-outs, hosts, repository paths, required
/// repositories, retention.
/// May settle values that depend on each other (protocol-timeout, repo-retention-archive).
result<void> check_final(options& opts, std::vector<std::string>& warnings);

} // namespace pgbraid::config

// The commands: one table of what each is called, says and takes.
// Source: cli/command/README.md, section 1; the columns: engine/config/README.md, section 11.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace pgbraid::config {

enum class command_id : uint8_t {
  annotate,
  archive_get,
  archive_push,
  archive_server,
  backup,
  check,
  expire,
  help,
  info,
  manifest,
  repo_get,
  repo_ls,
  repo_put,
  repo_rm,
  restore,
  server,
  server_ping,
  stanza_create,
  stanza_delete,
  stanza_upgrade,
  start,
  stop,
  verify,
  version,
};

inline constexpr size_t command_count = 24;

/// Which side of a command a process is: the one that users start, what goes on in the background
/// for it, or what serves it on another host.
enum class command_role : uint8_t { main, async, remote };

/// What stands behind the name of the command: `:async`.
constexpr std::string_view role_suffix(command_role role) {
  return role == command_role::main ? "" : role == command_role::async ? ":async" : ":remote";
}

struct command_and_role {
  command_id command = command_id::help;
  command_role role = command_role::main;
};

/// A set of commands, as the option table uses it.
struct command_set {
  uint32_t bits = 0;

  constexpr bool contains(command_id one) const {
    return (bits >> static_cast<unsigned>(one)) & 1U;
  }
  constexpr bool empty() const { return bits == 0; }
  friend constexpr command_set operator|(command_set a, command_set b) { return {a.bits | b.bits}; }
  friend constexpr command_set operator-(command_set a, command_set b) {
    return {a.bits & ~b.bits};
  }
  friend constexpr bool operator==(command_set, command_set) = default;
};

constexpr command_set only(command_id one) {
  return {1U << static_cast<unsigned>(one)};
}

/// Which lock files a command takes at its start.
enum class lock_kind : uint8_t { none, archive, backup, restore, all };

struct command_row {
  command_id id;
  std::string_view name;
  std::string_view help; ///< one line
  bool built;            ///< false: refused as not supported yet
  bool parameters;       ///< words after the command are allowed
  bool internal;         ///< left out of the general help
  bool log_file;         ///< writes its own log file without being asked for it
  bool quiet;            ///< begin and end lines are DEBUG instead of INFO
  lock_kind lock;

  /// Whether users are offered it: in completion and the manual page.
  constexpr bool is_offered() const { return built && !internal; }
};

/// In alphabetical order of the names, which is the order of `command_id`.
inline constexpr auto commands = std::to_array<command_row>({
    // clang-format off
    //                         name              help                                                 built  params internal file   quiet  lock
    {command_id::annotate,       "annotate",       "add, change or remove annotations of a backup",     false, false, false, false, false, lock_kind::backup},
    {command_id::archive_get,    "archive-get",    "get one WAL file from the archive",                true,  true,  false, false, false, lock_kind::archive},
    {command_id::archive_push,   "archive-push",   "push one WAL file to the archive",                 true,  true,  false, false, false, lock_kind::archive},
    {command_id::archive_server, "archive-server", "archive WAL for the commands that ask it",         true,  true,  false, true,  false, lock_kind::none},
    {command_id::backup,         "backup",         "back up a database cluster",                       true,  false, false, true,  false, lock_kind::backup},
    {command_id::check,          "check",          "check the configuration and that WAL is archived", true,  false, false, false, false, lock_kind::none},
    {command_id::expire,         "expire",         "remove backups and WAL that retention lets go",    true,  false, false, true,  false, lock_kind::backup},
    {command_id::help,           "help",           "show help",                                        true,  true,  false, false, true,  lock_kind::none},
    {command_id::info,           "info",           "show the backups of a repository",                 true,  false, false, false, true,  lock_kind::none},
    {command_id::manifest,       "manifest",       "show the manifest of a backup",                    false, false, true,  false, true,  lock_kind::none},
    {command_id::repo_get,       "repo-get",       "get a file from a repository",                     true,  true,  false, false, true,  lock_kind::none},
    {command_id::repo_ls,        "repo-ls",        "list files of a repository",                       true,  true,  false, false, true,  lock_kind::none},
    {command_id::repo_put,       "repo-put",       "put a file into a repository",                     false, true,  true,  false, true,  lock_kind::none},
    {command_id::repo_rm,        "repo-rm",        "remove a file or path from a repository",          false, true,  true,  false, true,  lock_kind::none},
    {command_id::restore,        "restore",        "restore a database cluster",                       true,  false, false, true,  false, lock_kind::restore},
    {command_id::server,         "server",         "serve other hosts over TLS",                       true,  false, false, true,  false, lock_kind::none},
    {command_id::server_ping,    "server-ping",    "see whether a server answers",                     true,  true,  false, false, false, lock_kind::none},
    {command_id::stanza_create,  "stanza-create",  "create what a stanza needs in the repositories",   true,  false, false, true,  false, lock_kind::all},
    {command_id::stanza_delete,  "stanza-delete",  "delete a stanza from a repository",                false, false, false, true,  false, lock_kind::all},
    {command_id::stanza_upgrade, "stanza-upgrade", "tell a stanza that PostgreSQL was upgraded",       false, false, false, true,  false, lock_kind::all},
    {command_id::start,          "start",          "allow commands to run again",                      false, false, false, true,  false, lock_kind::none},
    {command_id::stop,           "stop",           "keep commands from running",                       false, false, false, true,  false, lock_kind::none},
    {command_id::verify,         "verify",         "verify the contents of a repository",              true,  false, false, true,   false, lock_kind::none},
    {command_id::version,        "version",        "show the version",                                 true,  false, false, false, true,  lock_kind::none},
    // clang-format on
});
static_assert(commands.size() == command_count);

/// Pages of `help` that are about no command.
inline constexpr std::array<std::string_view, 3> help_topics{"completion", "exit-codes",
                                                             "man-page"};

constexpr const command_row& row_of(command_id id) {
  return commands[static_cast<size_t>(id)];
}

/// The command of exactly this name.
constexpr std::optional<command_id> find_command(std::string_view name) {
  for (const auto& row : commands) {
    if (row.name == name)
      return row.id;
  }
  return std::nullopt;
}

} // namespace pgbraid::config

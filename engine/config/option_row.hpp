// What the option table says about one option.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/config/command_table.hpp"

#include <cstdint>
#include <string_view>

namespace pgbraid::config {

enum class option_type : uint8_t {
  boolean,
  /// y, n or another word; `--x` is y and `--no-x` is n.
  bool_like,
  integer,
  size,
  time,
  path,
  string,
  choice,
  list,
  map,
};

/// Options of a group exist once per key: `repo1-path`, `repo2-path`.
enum class option_group : uint8_t { none, pg, repo };

/// Where an option may be set. The command line and the environment always work.
enum class section : uint8_t {
  command_line, ///< nowhere else
  global,       ///< and every section of a file
  stanza,       ///< and the sections of one stanza
};

/// An option takes effect only while another one has one of these values.
struct dependency {
  std::string_view option = {};    ///< name in the table; empty: no dependency
  std::string_view values = {};    ///< `a | b`; empty: any value will do
  command_set only_for = {};       ///< empty: for every command
  std::string_view otherwise = {}; ///< value taken when not met; empty: unset
};

enum option_flag : uint8_t {
  negatable = 1,  ///< `--no-x`
  resettable = 2, ///< `--reset-x`
  repeatable = 4,
  secure = 8,    ///< never on the command line, never shown
  internal = 16, ///< left out of lists in help
  own = 32,      ///< the peer has no such option
  asking = 64,   ///< only where a command is run, not in the remote role that serves it
};

/// One option.
///
/// `fallback`, `allowed` and `unbuilt` may differ per command or per value of the option depended
/// on: `backup: incr; restore: default` or `gz: 6; zst: 3; 1`. The part without a name is for the
/// rest; several names are separated by `/`. See `part_for`.
struct option_row {
  std::string_view name; ///< without the key of a group: `repo-path`
  option_group group = option_group::none;
  option_type type = option_type::string;
  section where = section::command_line;
  std::string_view fallback = {}; ///< the default as a user would write it; empty: none
  std::string_view allowed = {};  ///< `a | b | c` or `1..9`; empty: anything of the type
  command_set commands = {};
  command_set remote_too = {}; ///< further commands whose remote role knows it
  command_set own_for = {};    ///< of those commands, the ones that have it with us alone
  command_set required = {};   ///< commands that end with an error when there is no value
  dependency needs = {};
  uint8_t flags = 0; ///< of `option_flag`
  /// Values without effect yet: `*` is every value but the default, else `a | b`.
  std::string_view unbuilt = {};
  std::string_view help = {}; ///< one line

  /// Whether the option exists for a command in this role.
  constexpr bool known_to(command_and_role who) const {
    const bool main = commands.contains(who.command);
    if (who.role != command_role::remote)
      return main;
    return remote_too.contains(who.command) || (main && !(flags & asking));
  }
};

/// An older name of an option.
struct deprecated_name {
  std::string_view name;
  std::string_view option; ///< name in the table
  bool indexed = false;    ///< `db1-path` is accepted
  bool unindexed = true;   ///< `db-path` is accepted (and means key 1 of a group)
};

} // namespace pgbraid::config

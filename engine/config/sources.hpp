// What users said, before it is brought together.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/config/load.hpp"
#include "engine/config/option_name.hpp"
#include "engine/config/value.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace pgbraid::config {

/// One option as set in one place.
struct setting {
  std::vector<std::string> texts = {}; ///< one per occurrence; none when negated or reset
  bool negated = false;
  bool reset = false;
  value_source source = value_source::fallback;
  std::string where = {}; ///< for errors: `file 'x' line 3, column 5`; may be empty
  bool strict = false;    ///< from a file with typed values: errors begin with the place
};

using setting_map = std::map<option_ref, setting>;

/// The command line after its syntax was checked.
struct command_line {
  command_id command = command_id::help;
  command_role role = command_role::main;
  /// Help on `command` is wanted instead of running it (`help backup`, `backup --help`).
  bool help = false;
  std::vector<std::string> parameters = {};
  setting_map given = {};
};

/// One key of a configuration file, in the order of the file.
struct file_entry {
  std::string section;
  std::string name;
  std::vector<std::string> texts = {};
  std::string where = {};
  bool strict = false; ///< an unknown name is an error instead of a warning
};

/// Everything a run was told. Kept by the options, so that they can be resolved for another
/// command.
struct sources {
  command_line line;
  inputs from;
  std::vector<file_entry> file = {};
};

} // namespace pgbraid::config

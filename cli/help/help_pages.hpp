// What help says about commands, beyond their options.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/config/command_table.hpp"

#include <array>
#include <string_view>

namespace pgbraid::cli {

struct help_example {
  std::string_view words; ///< what follows the name of the program
  std::string_view what;  ///< in a few words
};

struct command_page {
  config::command_id command;
  std::string_view text; ///< paragraphs, separated by a line feed
  std::array<help_example, 2> examples;
};

/// The page of a command; there is one for each.
const command_page& page_of(config::command_id command);

} // namespace pgbraid::cli

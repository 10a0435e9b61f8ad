// One value of an option: parsed from text and shown as text.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/config/option_row.hpp"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace pgbraid::config {

/// Who said so, strongest last.
enum class value_source : uint8_t { fallback, file, environment, command_line };

using value_list = std::vector<std::string>;
using value_map = std::map<std::string, std::string>;

/// Sizes are bytes, times are milliseconds.
struct value {
  std::variant<std::monostate, bool, int64_t, std::string, value_list, value_map> data = {};
  value_source source = value_source::fallback;
  bool negated = false;                ///< given as `--no-x`
  bool reset = false;                  ///< given as `--reset-x`
  std::vector<std::string> shown = {}; ///< as the user wrote it, one text per occurrence

  bool has_value() const { return data.index() != 0; }
};

/// The part of a text of `option_row` that is for one of `names` (a command, a value depended on),
/// else its nameless part, else nothing. Names that come first win.
std::string_view part_for(std::string_view text, std::span<const std::string_view> names);
/// Whether `word` is one of `a | b | c`.
bool among(std::string_view word, std::string_view choices);

/// Parses the texts of one option.
/// @param shown_name  the name to use in errors, with the key: `repo1-path`
/// @param allowed     `a | b` or `1..9`, already the part for the command
/// @param warnings    takes one line per repeated key of a map
/// Fails with `option_invalid_value` (or `option_invalid` for an item of a map without `=`).
result<value> parse_value(const option_row& row, std::string_view shown_name,
                          std::string_view allowed, const std::vector<std::string>& texts,
                          std::vector<std::string>& warnings);

} // namespace pgbraid::config

// How to write in TOML what was meant.
// SPDX-License-Identifier: MIT
#include "engine/config/toml_cure.hpp"

#include "engine/config/option_name.hpp"
#include "engine/config/shown_text.hpp"

#include <fmt/format.h>

#include <optional>

namespace pgbraid::config {

namespace {

constexpr std::string_view blanks = " \t\r";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos)
    return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::optional<option_type> type_of(std::string_view name) {
  const auto found = find_name(name, false);
  if (!found || !*found)
    return std::nullopt;
  return (*found)->ref.table_row().type;
}

/// `[global:backup]`, which TOML writes with a dot.
std::string section_cure(std::string_view line) {
  const auto name = trimmed(line.substr(1, line.find(']') - 1));
  const auto colon = name.find(':');
  if (line.find(']') == std::string_view::npos)
    return "a section ends with ], as in [global].";
  if (colon == std::string_view::npos)
    return "a section is written like [global], [demo] or [global.backup].";
  const auto command = name.substr(colon + 1);
  return fmt::format("a section for one command is written with a dot: [{}.{}]",
                     name.starts_with("global:") ? "global" : "demo",
                     find_command(command) ? command : "backup");
}

} // namespace

std::string toml_example(std::string_view name, option_type type) {
  switch (type) {
  case option_type::boolean:
    return fmt::format("write {0} = true or {0} = false, without quotes.", name);
  case option_type::bool_like:
    return fmt::format("write {0} = true, {0} = false or a word in quotes.", name);
  case option_type::integer:
    return fmt::format("write {} = 4, a number without quotes.", name);
  case option_type::size:
    return fmt::format("write {} = \"16MiB\", with quotes.", name);
  case option_type::time:
    return fmt::format("write {} = \"5m\", with quotes.", name);
  case option_type::path:
    return fmt::format("write {} = \"/path\", with quotes.", name);
  case option_type::list:
    return fmt::format("write {} = [\"first\", \"second\"].", name);
  case option_type::map:
    return fmt::format("write {} = {{ \"key\" = \"value\" }}.", name);
  case option_type::string:
  case option_type::choice:
    return fmt::format("write {} = \"...\", with quotes.", name);
  }
  return {};
}

std::string toml_cure(std::string_view line) {
  line = trimmed(line);
  if (auto odd = odd_characters(line); !odd.empty())
    return odd;
  if (line.starts_with(';') || line.starts_with("//"))
    return "comments begin with '#'.";
  if (line.starts_with('['))
    return section_cure(line);
  const auto name = trimmed(line.substr(0, line.find_first_of("=: \t")));
  const auto type = type_of(name);
  if (!type)
    return "a line is: name = value. Text stands in quotes, switches are true or false.";
  return toml_example(name, *type);
}

} // namespace pgbraid::config

// Files in the peer's INI dialect.
// SPDX-License-Identifier: MIT
#include "engine/config/ini.hpp"

#include "engine/config/option_name.hpp"

#include <fmt/format.h>

namespace pgbraid::config {

namespace {

constexpr std::string_view blanks = " \t\r\n\v\f";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos)
    return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// Enough of a line to find it, unless it may be a secret that lost its key.
std::string_view first_word(std::string_view line) {
  const auto word = line.substr(0, line.find_first_of(" \t="));
  return is_option_like(word) ? word : "(not shown)";
}

error malformed(std::string_view what, size_t line, std::string_view text) {
  return {errc::format, fmt::format("{} at line {}: {}", what, line, text)};
}

} // namespace

result<std::vector<file_entry>> parse_ini(std::string_view text) {
  std::vector<file_entry> out;
  std::string section;
  for (size_t number = 1; !text.empty(); ++number) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == '#')
      continue;
    if (line.front() == '[') {
      if (line.back() != ']')
        return malformed("ini section should end with ]", number, line.substr(0, 40));
      section = line.substr(1, line.size() - 2);
      if (section.empty())
        return malformed("invalid empty section", number, line);
      continue;
    }
    const auto equals = line.find('=');
    if (equals == std::string_view::npos)
      return malformed("missing '=' in key/value", number, first_word(line));
    if (section.empty())
      return malformed("key/value found outside of section", number, first_word(line));
    const auto name = trimmed(line.substr(0, equals));
    if (name.empty())
      return malformed("key is zero-length", number, "=");
    out.push_back({section, std::string(name), {std::string(trimmed(line.substr(equals + 1)))}});
  }
  return out;
}

} // namespace pgbraid::config

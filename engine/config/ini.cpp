// Files in the peer's INI dialect.
// SPDX-License-Identifier: MIT
#include "engine/config/ini.hpp"

#include "engine/config/shown_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string>

namespace pgbraid::config {

namespace {

constexpr std::string_view blanks = " \t\r\n\v\f";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos)
    return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::string cure_of(std::string_view line) {
  if (auto odd = odd_characters(line); !odd.empty())
    return odd;
  if (line.starts_with(';') || line.starts_with("//"))
    return "comments begin with '#', on lines of their own.";
  if (line.find('=') == std::string_view::npos && line.find(':') != std::string_view::npos)
    return "a line is: name=value.";
  return {};
}

error malformed(std::string_view what, size_t line, std::string_view text) {
  return {errc::format, fmt::format("{} at line {}: {}", what, line, shown_line(text)),
          cure_of(text)};
}

/// Editors of other systems mark or recode whole files, which no line shows.
result<void> check_encoding(std::string_view text) {
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF"))
    return error{errc::format, "the file is encoded as UTF-16", "save it as UTF-8."};
  if (text.starts_with("\xEF\xBB\xBF"))
    return error{errc::format,
                 fmt::format("an invisible byte order mark stands at line 1 before: {}",
                             shown_line(text.substr(0, text.find('\n')))),
                 "save the file as UTF-8 without a byte order mark (BOM), or remove it with: "
                 "sed -i '1s/^\\xEF\\xBB\\xBF//' FILE"};
  if (text.find('\0') != std::string_view::npos)
    return error{errc::format, "the file holds zero bytes, which no text does",
                 "is this a configuration file, and is it encoded as UTF-8?"};
  return success();
}

} // namespace

result<std::vector<file_entry>> parse_ini(std::string_view text) {
  if (auto readable = check_encoding(text); !readable)
    return readable.failure();
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
        return malformed("ini section should end with ]", number, line);
      section = line.substr(1, line.size() - 2);
      if (section.empty())
        return error{errc::format,
                     fmt::format("invalid empty section at line {}: {}", number, line)};
      continue;
    }
    const auto equals = line.find('=');
    if (equals == std::string_view::npos)
      return malformed("missing '=' in key/value", number, line);
    if (section.empty())
      return malformed("key/value found outside of section", number, line);
    const auto name = trimmed(line.substr(0, equals));
    if (name.empty())
      return malformed("key is zero-length", number, line);
    out.push_back({section,
                   std::string(name),
                   {std::string(trimmed(line.substr(equals + 1)))},
                   fmt::format("line {}", number)});
  }
  return out;
}

} // namespace pgbraid::config

// Words that a shell reads back as they are.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace pgbraid {

/// The word as it stands when nothing in it means anything to a shell, else in double quotes.
inline std::string shell_word(std::string_view word) {
  constexpr std::string_view harmless =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:=,@%+-";
  if (!word.empty() && word.find_first_not_of(harmless) == std::string_view::npos)
    return std::string(word);
  std::string out = "\"";
  for (const char c : word) {
    if (c == '"' || c == '$' || c == '\\' || c == '`')
      out += '\\';
    out += c;
  }
  return out + "\"";
}

} // namespace pgbraid

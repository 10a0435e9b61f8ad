// Texts that are numbers.
// SPDX-License-Identifier: MIT
#pragma once

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

namespace pgbraid {

/// Digits of a number, and nothing else; empty for any other text, and for what `Number` cannot
/// hold.
template <class Number> std::optional<Number> number_of(std::string_view text) {
  Number value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || problem != std::errc() || end != text.data() + text.size())
    return {};
  return value;
}

} // namespace pgbraid

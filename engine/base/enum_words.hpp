// Words of an enumeration, of which the compiler misses none.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace pgbraid {

/// Whether an enumerator has this value: compilers write the names of those that one has.
template <auto value> consteval bool is_enumerator() {
  const std::string_view signature = __PRETTY_FUNCTION__;
  const std::string_view before = "value = ";
  return signature[signature.rfind(before) + before.size()] != '(';
}

/// A word for each enumerator, in their order, which begins at 0 and has no gap. One that is added
/// without a word here does not compile.
template <class Enum, class... Words>
consteval std::array<std::string_view, sizeof...(Words)> words_of(Words... words) {
  static_assert(is_enumerator<static_cast<Enum>(sizeof...(Words) - 1)>(), "a word too many");
  static_assert(!is_enumerator<static_cast<Enum>(sizeof...(Words))>(), "a word is missing");
  return {std::string_view(words)...};
}

/// @param words  of `words_of` for the same enumeration
template <class Enum, size_t count>
constexpr std::string_view word_for(const std::array<std::string_view, count>& words, Enum value) {
  return words[static_cast<size_t>(value)];
}

} // namespace pgbraid

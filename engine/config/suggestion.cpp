// The known word nearest to one that was mistyped.
// SPDX-License-Identifier: MIT
#include "engine/config/suggestion.hpp"

#include "engine/config/option_name.hpp"
#include "engine/config/option_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace pgbraid::config {

namespace {

/// Words longer than this are nobody's typing error.
constexpr size_t longest_word = 64;

/// Damerau-Levenshtein distance with non-overlapping swaps.
size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before_last(b.size() + 1);
  std::vector<size_t> last(b.size() + 1);
  std::vector<size_t> now(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j)
    last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      now[j] = std::min({replaced, last[j] + 1, now[j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        now[j] = std::min(now[j], before_last[j - 2] + 1);
    }
    std::swap(before_last, last);
    std::swap(last, now);
  }
  return last[b.size()];
}

} // namespace

std::string_view nearest(std::string_view word, std::span<const std::string_view> known) {
  if (word.size() > longest_word)
    return {};
  std::string_view best;
  size_t best_distance = std::max<size_t>(1, word.size() / 3) + 1;
  for (const auto one : known) {
    const auto d = distance(word, one);
    if (d < best_distance) {
      best = one;
      best_distance = d;
    }
  }
  return best;
}

std::string nearest_option(std::string_view word) {
  const auto parts = split_key(word);
  std::vector<std::string_view> known;
  for (const auto& row : options_table) {
    if (!(row.flags & internal) && (row.group != option_group::none) == (parts.key != 0))
      known.push_back(row.name);
  }
  const auto found = nearest(parts.base, known);
  if (found.empty())
    return {};
  return shown_name({static_cast<uint16_t>(find_option(found)), parts.key});
}

std::string nearest_command(std::string_view word) {
  std::vector<std::string_view> known;
  for (const auto& row : commands)
    known.push_back(row.name);
  return std::string(nearest(word, known));
}

std::string did_you_mean(std::string_view prefix, std::string_view word) {
  return word.empty() ? std::string{} : fmt::format("did you mean '{}{}'?", prefix, word);
}

} // namespace pgbraid::config

// A repository that is left alone for a while.
// SPDX-License-Identifier: MIT
#include "engine/plan/journal_hold.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace pgbraid::plan {

namespace {

constexpr int64_t first_pause_s = 5;
constexpr int64_t longest_pause_s = 120;
/// Doubled so often the first pause is longer than the longest.
constexpr unsigned most_doublings = 5;

/// The number at the front of a text, which is taken off together with the character behind it.
template <class Number> std::optional<Number> take_number(std::string_view& text, char behind) {
  Number out = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
  const auto count = static_cast<size_t>(end - text.data());
  if (failed != std::errc() || count >= text.size() || text[count] != behind)
    return std::nullopt;
  text.remove_prefix(count + 1);
  return out;
}

} // namespace

journal_hold hold_after(const std::optional<journal_hold>& before, int64_t now_s, std::string why) {
  const auto failures = before ? before->failures + 1 : 1;
  const auto pause_s =
      std::min(longest_pause_s, first_pause_s << std::min(failures - 1, most_doublings));
  return {.failures = failures,
          .since_s = before ? before->since_s : now_s,
          .next_s = now_s + pause_s,
          .why = std::move(why)};
}

journal_hold wordless_hold(int64_t since_s) {
  return {.failures = most_doublings,
          .since_s = since_s,
          .next_s = since_s + longest_pause_s,
          .why = "there was no room to say why"};
}

bool is_try_due(const journal_hold& hold, int64_t now_s) {
  return now_s >= hold.next_s || hold.next_s - now_s > longest_pause_s;
}

std::string render_hold(const journal_hold& of) {
  return fmt::format("{} {} {}\n{}", of.failures, of.since_s, of.next_s, of.why);
}

std::optional<journal_hold> parse_hold(std::string_view text) {
  journal_hold out;
  const auto failures = take_number<unsigned>(text, ' ');
  const auto since_s = failures ? take_number<int64_t>(text, ' ') : std::nullopt;
  const auto next_s = since_s ? take_number<int64_t>(text, '\n') : std::nullopt;
  if (!next_s || *failures == 0)
    return std::nullopt;
  return journal_hold{
      .failures = *failures, .since_s = *since_s, .next_s = *next_s, .why = std::string(text)};
}

} // namespace pgbraid::plan

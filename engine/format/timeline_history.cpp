// Timeline history files: which timeline forked from which, and where.
// SPDX-License-Identifier: MIT
#include "engine/format/timeline_history.hpp"

#include "engine/format/info_value.hpp"

#include <charconv>
#include <optional>

namespace pgbraid::format {

namespace {

/// Consumes a number from the front of `text`.
template <class Int> std::optional<Int> take_number(std::string_view& text, int base) {
  Int value = 0;
  const auto [end, why] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (why != std::errc{})
    return {};
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return value;
}

void skip_blanks(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
}

std::optional<timeline_switch> parse_line(std::string_view line) {
  const auto timeline = take_number<uint32_t>(line, 10);
  skip_blanks(line);
  const auto high = take_number<uint32_t>(line, 16);
  if (!timeline || *timeline == 0 || !high || !line.starts_with('/'))
    return {};
  line.remove_prefix(1);
  const auto low = take_number<uint32_t>(line, 16);
  const bool ended = line.empty() || line.front() == ' ' || line.front() == '\t';
  if (!low || !ended)
    return {};
  return timeline_switch{*timeline, uint64_t{*high} << 32 | *low};
}

} // namespace

result<std::vector<timeline_switch>> parse_timeline_history(std::string_view text) {
  std::vector<timeline_switch> switches;
  while (!text.empty()) {
    const auto end = text.find('\n');
    auto line = text.substr(0, end);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    skip_blanks(line);
    if (line.empty() || line.starts_with('#') || line == "\r")
      continue;
    const auto parsed = parse_line(line);
    if (!parsed)
      return error{errc::format, "invalid timeline history line '" + printable(line) + "'"};
    if (!switches.empty() && switches.back().timeline >= parsed->timeline)
      return error{errc::format, "timelines are not in order in the timeline history at '" +
                                     printable(line) + "'"};
    switches.push_back(*parsed);
  }
  return switches;
}

} // namespace pgbraid::format

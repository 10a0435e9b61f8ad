// Sizes and times as users write them, and sizes as the log prints them.
// SPDX-License-Identifier: MIT
#include "engine/base/units.hpp"

#include <fmt/format.h>

#include <array>
#include <cctype>
#include <charconv>
#include <limits>
#include <utility>

namespace pgbraid {

namespace {

constexpr std::string_view prefixes = "kmgtp"; // each 1024 times the one before
constexpr uint64_t limit = std::numeric_limits<int64_t>::max();

constexpr auto time_units = std::to_array<std::pair<std::string_view, int64_t>>({
    {"w", 604'800'000},
    {"d", 86'400'000},
    {"h", 3'600'000},
    {"m", 60'000},
    {"s", 1'000},
    {"ms", 1},
});

struct quantity {
  uint64_t number = 0;
  std::string unit = {}; ///< in lower case
};

std::optional<quantity> split(std::string_view text) {
  quantity out;
  const auto* end = text.data() + text.size();
  const auto [rest, problem] = std::from_chars(text.data(), end, out.number);
  if (problem != std::errc{} || out.number > limit)
    return std::nullopt;
  for (const auto* p = rest; p != end; ++p)
    out.unit += static_cast<char>(std::tolower(static_cast<unsigned char>(*p)));
  return out;
}

std::optional<uint64_t> multiply(uint64_t number, uint64_t factor) {
  if (number > limit / factor)
    return std::nullopt;
  return number * factor;
}

/// 1 for no unit, 1024 for k, ...; empty when there is no such unit.
std::optional<uint64_t> size_factor(std::string_view unit) {
  if (unit.empty() || unit == "b")
    return 1;
  const auto power = prefixes.find(unit[0]);
  const auto rest = unit.substr(1);
  if (power == std::string_view::npos || !(rest.empty() || rest == "b" || rest == "ib"))
    return std::nullopt;
  return uint64_t{1} << (10 * (power + 1));
}

} // namespace

std::optional<uint64_t> parse_size(std::string_view text) {
  const auto parts = split(text);
  if (!parts)
    return std::nullopt;
  const auto factor = size_factor(parts->unit);
  return factor ? multiply(parts->number, *factor) : std::nullopt;
}

std::optional<int64_t> parse_time_ms(std::string_view text) {
  auto parts = split(text);
  if (!parts)
    return std::nullopt;
  if (parts->unit.empty())
    parts->unit = "s";
  for (const auto& [name, factor_ms] : time_units) {
    if (name != parts->unit)
      continue;
    const auto all = multiply(parts->number, static_cast<uint64_t>(factor_ms));
    return all ? std::optional(static_cast<int64_t>(*all)) : std::nullopt;
  }
  return std::nullopt;
}

std::string format_size(uint64_t bytes) {
  if (bytes < 1024)
    return fmt::format("{}B", bytes);
  constexpr std::string_view shown = "KMG"; // the peer knows no larger unit here
  unsigned power = 0;
  auto unit = uint64_t{1024};
  while (power + 1 < shown.size() && bytes / unit >= 1024) {
    unit *= 1024;
    ++power;
  }
  auto whole = bytes / unit;
  auto tenths = (bytes % unit * 10 + unit / 2) / unit;
  if (tenths == 10) {
    ++whole;
    tenths = 0;
  }
  return tenths == 0 ? fmt::format("{}{}B", whole, shown[power])
                     : fmt::format("{}.{}{}B", whole, tenths, shown[power]);
}

std::string format_age(int64_t age_s) {
  for (const auto& [name, factor_ms] : time_units)
    if (name != "w" && age_s >= factor_ms / 1000 && factor_ms >= 1000)
      return fmt::format("{}{}", age_s / (factor_ms / 1000), name);
  return "0s";
}

std::string format_size_exact(uint64_t bytes) {
  for (auto power = prefixes.size(); power > 0; --power) {
    const auto unit = uint64_t{1} << (10 * power);
    if (bytes != 0 && bytes % unit == 0)
      return fmt::format("{}{}iB", bytes / unit,
                         static_cast<char>(std::toupper(prefixes[power - 1])));
  }
  return fmt::format("{}B", bytes);
}

std::string format_time_exact(int64_t time_ms) {
  if (time_ms == 0)
    return "0s";
  for (const auto& [name, factor_ms] : time_units) {
    if (time_ms % factor_ms == 0)
      return fmt::format("{}{}", time_ms / factor_ms, name);
  }
  return fmt::format("{}ms", time_ms);
}

} // namespace pgbraid

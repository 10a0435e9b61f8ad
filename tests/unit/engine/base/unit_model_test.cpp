// Sizes and times against arithmetic that has room for all of them.
// SPDX-License-Identifier: MIT
#include "engine/base/units.hpp"
#include "tests/unit/generators.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <regex>

using namespace pgbraid;
using test::between;

namespace {

// The machine's own type of 128 bits is none of the standard's.
__extension__ typedef unsigned __int128 wide;
constexpr wide limit = INT64_MAX;

/// engine/config/README.md, section 8: digits and a unit.
std::optional<uint64_t> size_of(const std::string& text) {
  static const std::regex shape("([0-9]{1,25})(b|([kmgtp])(i?b)?)?", std::regex::icase);
  std::smatch parts;
  if (!std::regex_match(text, parts, shape))
    return std::nullopt;
  wide value = 0;
  for (const char c : parts[1].str())
    value = value * 10 + static_cast<unsigned>(c - '0');
  const auto power = std::string("kmgtp").find(
      static_cast<char>(std::tolower(parts[3].matched ? parts[3].str()[0] : 'x')));
  for (size_t i = 0; power != std::string::npos && i <= power; ++i)
    value *= 1024;
  return value > limit ? std::nullopt : std::optional(static_cast<uint64_t>(value));
}

std::optional<int64_t> time_of(const std::string& text) {
  static const std::regex shape("([0-9]{1,25})(ms|[smhdw])?", std::regex::icase);
  std::smatch parts;
  if (!std::regex_match(text, parts, shape))
    return std::nullopt;
  wide value = 0;
  for (const char c : parts[1].str())
    value = value * 10 + static_cast<unsigned>(c - '0');
  auto unit = parts[2].str();
  for (auto& c : unit)
    c = static_cast<char>(std::tolower(c));
  const wide second = 1000;
  value *= unit == "ms"  ? wide{1}
           : unit == "m" ? 60 * second
           : unit == "h" ? 3600 * second
           : unit == "d" ? 86'400 * second
           : unit == "w" ? 604'800 * second
                         : second;
  return value > limit ? std::nullopt : std::optional(static_cast<int64_t>(value));
}

std::string any_quantity() {
  const auto number = std::to_string(*test::any_number());
  const auto unit = *rc::gen::element<std::string>("", "b", "k", "KB", "kib", "M", "gIb", "TB", "p",
                                                   "pib", "s", "ms", "MS", "m", "h", "d", "w", "kk",
                                                   "ib", "e", " ", ".5", "k ", "bb", "sm");
  const auto before = *rc::gen::weightedElement<std::string>(
      {{9, ""}, {1, " "}, {1, "-"}, {1, "+"}, {1, "0x"}, {1, "00"}});
  return before + number.substr(0, *between<size_t>(1, 20)) + unit;
}

} // namespace

TEST_CASE("unit model: sizes and times are what their digits and units say, or nothing") {
  test::for_all(
      [] {
        const auto text = any_quantity();
        RC_ASSERT(parse_size(text) == size_of(text));
        RC_ASSERT(parse_time_ms(text) == time_of(text));
      },
      600);
}

TEST_CASE("unit model: the largest that fits, and one more") {
  const std::string units = "kmgtp";
  for (size_t power = 0; power <= units.size(); ++power) {
    const auto unit = power == 0 ? std::string() : std::string(1, units[power - 1]);
    const auto most = uint64_t{INT64_MAX} >> (10 * power);
    CHECK(parse_size(std::to_string(most) + unit) == most << (10 * power));
    CHECK_FALSE(parse_size(std::to_string(most + 1) + unit));
  }
  CHECK(parse_time_ms("9223372036854775807ms") == INT64_MAX);
  CHECK_FALSE(parse_time_ms("9223372036854775808ms"));
  CHECK(parse_time_ms("9223372036854775s") == 9223372036854775000);
  CHECK_FALSE(parse_time_ms("9223372036854776s"));
}

TEST_CASE(
    "unit model: what is shown exactly is read as the same, in the largest unit that can say it") {
  test::for_all([] {
    const auto bytes = *test::any_number() >> *between(1, 40) << *rc::gen::element(0, 10, 20);
    RC_PRE(bytes <= INT64_MAX);
    const auto shown = format_size_exact(bytes);
    RC_ASSERT(parse_size(shown) == bytes);
    const auto digits = shown.substr(0, shown.find_first_not_of("0123456789"));
    const bool is_largest = shown.ends_with("PiB") || std::stoull(digits) % 1024 != 0 || bytes == 0;
    RC_ASSERT(is_largest);
    const auto time = static_cast<int64_t>(bytes / 1000 * *rc::gen::element<uint64_t>(1, 60, 1000));
    RC_PRE(time >= 0);
    RC_ASSERT(parse_time_ms(format_time_exact(time)) == time);
  });
}

TEST_CASE("unit model: what is shown short is no further off than half of its last digit") {
  test::for_all([] {
    const auto bytes = *test::any_number() >> *between(1, 60);
    const auto shown = format_size(bytes);
    static const std::regex shape("([0-9]+)(\\.[1-9])?([KMG]?)B");
    std::smatch parts;
    RC_ASSERT(std::regex_match(shown, parts, shape));
    const auto letter = parts[3].str();
    const double unit = letter.empty() ? 1 : std::pow(1024.0, 1 + std::string("KMG").find(letter));
    const double value = std::stod(parts[1].str() + parts[2].str()) * unit;
    RC_ASSERT(std::abs(value - static_cast<double>(bytes)) <= unit * 0.0501 + value * 1e-12);
    // A smaller unit would have been shown with fewer than four digits before its point.
    RC_ASSERT((letter.empty() || static_cast<double>(bytes) >= unit));
    RC_ASSERT((letter == "G" || value <= unit * 1024));
  });
}

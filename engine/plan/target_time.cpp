// Parsing target times.
// SPDX-License-Identifier: MIT
#include "engine/plan/target_time.hpp"

#include <fmt/format.h>

#include <array>
#include <ctime>
#include <optional>

namespace pgbraid::plan {

namespace {

/// Takes parts from the front of a text; the first mismatch sticks.
class scanner {
public:
  explicit scanner(std::string_view text) : rest_(text) {}

  int digits(size_t count, int low, int high) {
    int value = 0;
    for (size_t i = 0; i < count; ++i) {
      if (rest_.empty() || rest_.front() < '0' || rest_.front() > '9') {
        failed_ = true;
        return low;
      }
      value = value * 10 + (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    failed_ = failed_ || value < low || value > high;
    return value;
  }
  void literal(char wanted) {
    if (!take(wanted))
      failed_ = true;
  }
  bool take(char wanted) {
    if (rest_.empty() || rest_.front() != wanted)
      return false;
    rest_.remove_prefix(1);
    return true;
  }
  void fraction() {
    size_t count = 0;
    while (count < rest_.size() && rest_[count] >= '0' && rest_[count] <= '9')
      ++count;
    failed_ = failed_ || count == 0 || count > 9;
    rest_.remove_prefix(count);
  }
  bool at_end() const { return rest_.empty(); }
  bool good() const { return !failed_; }

private:
  std::string_view rest_;
  bool failed_ = false;
};

std::optional<int64_t> read_offset_s(scanner& in) {
  const bool minus = in.take('-');
  if (!minus && !in.take('+'))
    return {};
  int64_t offset = in.digits(2, 0, 15) * int64_t{3600};
  if (in.take(':') || !in.at_end())
    offset += in.digits(2, 0, 59) * int64_t{60};
  return minus ? -offset : offset;
}

error bad_time(std::string_view text) {
  return {errc::format, "unable to read target time '" + std::string(text) + "'",
          "Write it as YYYY-MM-DD HH:MM:SS with an optional fraction and an optional offset such "
          "as +02, +0200 or -05:30."};
}

/// A time as it was written.
struct written_time {
  int64_t as_utc_s = 0;                 ///< were it in UTC
  int64_t time_s = 0;                   ///< since the epoch
  std::optional<int64_t> offset_s = {}; ///< that was written
};

result<written_time> read_time(std::string_view text) {
  scanner in(text);
  std::tm parts{};
  parts.tm_year = in.digits(4, 1970, 9999) - 1900;
  in.literal('-');
  parts.tm_mon = in.digits(2, 1, 12) - 1;
  in.literal('-');
  parts.tm_mday = in.digits(2, 1, 31);
  in.literal(' ');
  parts.tm_hour = in.digits(2, 0, 23);
  in.literal(':');
  parts.tm_min = in.digits(2, 0, 59);
  in.literal(':');
  parts.tm_sec = in.digits(2, 0, 59);
  if (in.good() && in.take('.'))
    in.fraction();
  const auto offset_s = in.good() ? read_offset_s(in) : std::nullopt;
  if (!in.good() || !in.at_end())
    return bad_time(text);

  std::tm normal = parts;
  const time_t as_utc = ::timegm(&normal);
  // A day that the month does not have has moved into the next month.
  if (normal.tm_mday != parts.tm_mday)
    return bad_time(text);
  written_time out{.as_utc_s = as_utc, .time_s = 0, .offset_s = offset_s};
  parts.tm_isdst = -1;
  out.time_s = offset_s ? out.as_utc_s - *offset_s : int64_t{std::mktime(&parts)};
  return out;
}

/// `+02`, `-05:30`.
std::string format_offset(int64_t offset_s) {
  const auto size = offset_s < 0 ? -offset_s : offset_s;
  auto out = fmt::format("{}{:02}", offset_s < 0 ? '-' : '+', size / 3600);
  if (size % 3600 != 0)
    out += fmt::format(":{:02}", size % 3600 / 60);
  if (size % 60 != 0)
    out += fmt::format(":{:02}", size % 60);
  return out;
}

} // namespace

result<int64_t> parse_target_time(std::string_view text) {
  const auto read = read_time(text);
  if (!read)
    return read.failure();
  return read->time_s;
}

result<std::string> with_zone(std::string_view text) {
  const auto read = read_time(text);
  if (!read)
    return read.failure();
  if (read->offset_s)
    return std::string(text);
  // Not the zone's offset at that moment: an hour that a change of the clock leaves out has none.
  return std::string(text) + format_offset(read->as_utc_s - read->time_s);
}

std::string format_local_time(int64_t time_s) {
  const time_t time = time_s;
  std::tm parts{};
  ::localtime_r(&time, &parts);
  std::array<char, 32> text{};
  const size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &parts);
  return {text.data(), length};
}

} // namespace pgbraid::plan

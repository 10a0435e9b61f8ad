// Parsing target times.
// SPDX-License-Identifier: MIT
#include "engine/plan/target_time.hpp"

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

} // namespace

result<int64_t> parse_target_time(std::string_view text) {
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
  if (offset_s)
    return int64_t{as_utc} - *offset_s;
  parts.tm_isdst = -1;
  return int64_t{std::mktime(&parts)};
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

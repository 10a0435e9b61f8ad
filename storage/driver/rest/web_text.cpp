// Reading and writing them.
// SPDX-License-Identifier: MIT
#include "storage/driver/rest/web_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace pgbraid::rest {

namespace {

std::optional<int64_t> seconds_at(std::string_view year, unsigned month, std::string_view day,
                                  std::string_view time) {
  using namespace std::chrono;
  const auto y = number_of<unsigned>(year);
  const auto d = number_of<unsigned>(day);
  if (!y || !d || time.size() != 8 || time[2] != ':' || time[5] != ':')
    return {};
  const auto hour = number_of<unsigned>(time.substr(0, 2));
  const auto minute = number_of<unsigned>(time.substr(3, 2));
  const auto second = number_of<unsigned>(time.substr(6, 2));
  const year_month_day date(std::chrono::year(static_cast<int>(*y)), std::chrono::month(month),
                            std::chrono::day(*d));
  if (!date.ok() || !hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 60)
    return {};
  return sys_seconds(sys_days(date)).time_since_epoch().count() + *hour * 3600 + *minute * 60 +
         *second;
}

int hex_value(char c) {
  return c >= '0' && c <= '9'   ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                : -1;
}

} // namespace

std::string uri_encoded(std::string_view text, bool keeps_slashes) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~' || (c == '/' && keeps_slashes);
    if (plain)
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string uri_decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 &&
                        hex_value(text[i + 2]) >= 0;
    if (escape) {
      out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

std::string query_text(query_fields of) {
  for (auto& [name, value] : of) {
    name = uri_encoded(name);
    value = uri_encoded(value);
  }
  std::ranges::sort(of);
  std::string out;
  for (const auto& [name, value] : of)
    out += (out.empty() ? "" : "&") + name + "=" + value;
  return out;
}

std::optional<uint64_t> whole_size_of(std::string_view content_range) {
  const auto slash = content_range.rfind('/');
  if (!content_range.starts_with("bytes ") || slash == std::string_view::npos)
    return {};
  return number_of<uint64_t>(content_range.substr(slash + 1));
}

std::optional<int64_t> seconds_of_iso(std::string_view text) {
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T')
    return {};
  const auto month = number_of<unsigned>(text.substr(5, 2));
  if (!month)
    return {};
  return seconds_at(text.substr(0, 4), *month, text.substr(8, 2), text.substr(11, 8));
}

} // namespace pgbraid::rest

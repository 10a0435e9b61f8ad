// Times as reports show them.
// SPDX-License-Identifier: MIT
#include "engine/report/local_time.hpp"

#include <fmt/format.h>

#include <ctime>

namespace pgbraid::report {

std::string local_time(int64_t at_s) {
  const auto at = static_cast<time_t>(at_s);
  tm local{};
  localtime_r(&at, &local);
  char text[32];
  const std::string time(text, strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &local));
  const long minutes = local.tm_gmtoff / 60;
  const long size = minutes < 0 ? -minutes : minutes;
  auto offset = fmt::format("{}{:02}", minutes < 0 ? '-' : '+', size / 60);
  if (size % 60 != 0)
    offset += fmt::format(":{:02}", size % 60);
  return time + offset;
}

} // namespace pgbraid::report

// Reading and writing them.
// SPDX-License-Identifier: MIT
#include "engine/http/http_time.hpp"

#include <fmt/chrono.h>

#include <chrono>
#include <ctime>

namespace pgbraid::http {

std::optional<int64_t> seconds_of(const std::string& text) {
  tm parts{};
  const auto* const end = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (end == nullptr || *end != '\0')
    return {};
  return ::timegm(&parts);
}

std::string time_text(int64_t seconds) {
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT",
                     std::chrono::sys_seconds(std::chrono::seconds(seconds)));
}

} // namespace pgbraid::http

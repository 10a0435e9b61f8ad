// Errors that heal, and recoveries that end.
// SPDX-License-Identifier: MIT
#include "engine/plan/archive_trouble.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace pgbraid::plan {

namespace {

constexpr auto healing = std::to_array<errc>({errc::host_connect, errc::protocol, errc::file_open,
                                              errc::file_info, errc::path_open, errc::service,
                                              errc::kernel, errc::execute, errc::unknown});

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && is_space(text.back()))
    text.remove_suffix(1);
  return text;
}

std::string lowered(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

/// `on`, and what PostgreSQL takes for it.
bool is_true(std::string_view word) {
  const auto text = lowered(word);
  const auto begins = [&](std::string_view whole) {
    return !text.empty() && whole.starts_with(text);
  };
  return text == "on" || text == "1" || begins("true") || begins("yes");
}

/// The value of `name = 'value'`, the equals sign and quotes being optional.
std::optional<std::string_view> value_in(std::string_view line, std::string_view name) {
  line = trimmed(line);
  if (lowered(line.substr(0, name.size())) != name)
    return std::nullopt;
  line.remove_prefix(std::min(name.size(), line.size()));
  if (line.empty() || (line.front() != '=' && line.front() != '\'' && !is_space(line.front())))
    return std::nullopt;
  line = trimmed(line);
  if (!line.empty() && line.front() == '=')
    line = trimmed(line.substr(1));
  if (!line.empty() && line.front() == '\'')
    return line.substr(1, line.find('\'', 1) - 1);
  return trimmed(line.substr(0, line.find('#')));
}

} // namespace

bool may_heal(errc code) {
  return std::ranges::find(healing, code) != healing.end();
}

bool is_standby_conf(std::string_view text) {
  bool on = false;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    if (const auto value = value_in(line, "standby_mode"))
      on = is_true(*value);
    text.remove_prefix(std::min(text.size(), line.size() + 1));
  }
  return on;
}

recovery_mode recovery_mode_of(const recovery_marks& found) {
  if (found.recovery_conf)
    return is_standby_conf(*found.recovery_conf) ? recovery_mode::standby : recovery_mode::promotes;
  if (found.standby_signal)
    return recovery_mode::standby;
  return found.recovery_signal ? recovery_mode::promotes : recovery_mode::none;
}

} // namespace pgbraid::plan

// Options from the environment.
// SPDX-License-Identifier: MIT
#include "engine/config/environment.hpp"

#include "engine/config/load.hpp"
#include "engine/config/suggestion.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace pgbraid::config {

namespace {

/// Ours first: what is set there wins.
constexpr std::array<std::string_view, 2> prefixes = {"PGBRAID_", "PGBACKREST_"};

std::string option_name(std::string_view variable) {
  std::string out(variable);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) {
    if (c == '_')
      return '-';
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> out;
  while (true) {
    const auto end = text.find(':');
    out.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos)
      return out;
    text.remove_prefix(end + 1);
  }
}

result<setting> setting_of(const option_row& row, const std::string& name,
                           const std::string& text) {
  if (text.empty())
    return error{errc::option_invalid_value,
                 fmt::format("environment variable '{}' must have a value", name)};
  if (row.type == option_type::boolean && text != "y" && text != "n")
    return error{errc::option_invalid_value,
                 fmt::format("environment boolean option '{}' must be 'y' or 'n'", name)};
  setting out;
  out.source = value_source::environment;
  if (row.type == option_type::list || row.type == option_type::map)
    out.texts = split_list(text);
  else
    out.texts = {text};
  return out;
}

bool is_secret(std::string_view variable) {
  for (const auto prefix : prefixes) {
    if (!variable.starts_with(prefix))
      continue;
    const auto found = find_name(option_name(variable.substr(prefix.size())), false);
    if (found && *found && ((*found)->ref.table_row().flags & secure))
      return true;
  }
  return false;
}

} // namespace

std::vector<std::string>
secret_variables(const std::vector<std::pair<std::string, std::string>>& variables) {
  std::vector<std::string> out;
  for (const auto& [name, text] : variables)
    if (is_secret(name))
      out.push_back(name);
  return out;
}

result<void> add_environment(const std::vector<std::pair<std::string, std::string>>& variables,
                             command_and_role who, setting_map& into,
                             std::vector<std::string>& warnings) {
  auto sorted = variables;
  std::sort(sorted.begin(), sorted.end());
  for (const auto prefix : prefixes) {
    setting_map here;
    std::map<option_ref, std::string> names;
    for (const auto& [variable, text] : sorted) {
      if (!variable.starts_with(prefix))
        continue;
      const auto name = option_name(std::string_view(variable).substr(prefix.size()));
      auto found = find_name(name, false);
      if (!found)
        return found.failure();
      if (!*found || (*found)->form != name_form::plain) {
        const auto kind =
            !*found ? "" : ((*found)->form == name_form::negate ? "negate " : "reset ");
        warnings.push_back(fmt::format("environment contains invalid {}option '{}'", kind, name));
        continue;
      }
      const auto ref = (*found)->ref;
      if (!ref.table_row().known_to(who))
        continue;
      auto set = setting_of(ref.table_row(), name, text);
      if (!set)
        return set.failure();
      if (const auto twin = names.find(ref); twin != names.end())
        return error{
            errc::option_invalid,
            fmt::format("environment contains duplicate options ('{}', '{}')", twin->second, name)};
      names.emplace(ref, name);
      here.emplace(ref, std::move(*set));
    }
    into.merge(here);
  }
  return success();
}

} // namespace pgbraid::config

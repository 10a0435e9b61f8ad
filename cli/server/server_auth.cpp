// Which client may work on which stanza.
// SPDX-License-Identifier: MIT
#include "cli/server/server_auth.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace pgbraid::cli {

namespace {

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos)
    return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// One stanza of a rule and what it is good for.
struct permission {
  std::string_view stanza;
  std::string_view serves; ///< empty: both

  bool understood() const { return serves.empty() || serves == "repo" || serves == "pg"; }
};

std::vector<permission> permissions_of(std::string_view rule) {
  std::vector<permission> out;
  for (size_t begin = 0; begin <= rule.size();) {
    const auto end = std::min(rule.find(',', begin), rule.size());
    const auto one = trimmed(rule.substr(begin, end - begin));
    const auto colon = std::min(one.find(':'), one.size());
    permission made{one.substr(0, colon), one.substr(std::min(colon + 1, one.size()))};
    if (colon + 1 == one.size())
      made.serves = one.substr(colon); // nothing behind the colon says nothing that we know
    out.push_back(made);
    begin = end + 1;
  }
  return out;
}

error empty_rule(const std::string& common_name) {
  return {errc::option_invalid_value,
          fmt::format("'tls-server-auth' option has no stanzas for '{}'", common_name)};
}

} // namespace

result<void> check_rules(const std::map<std::string, std::string>& rules) {
  for (const auto& [name, rule] : rules) {
    for (const auto& one : permissions_of(trimmed(rule)))
      if (!one.understood())
        return error{
            errc::option_invalid_value,
            fmt::format("'{}' is not valid for '{}' in 'tls-server-auth' option", rule, name),
            "Behind a stanza, or '*', may stand ':repo' or ':pg'."};
  }
  return success();
}

result<void> authorise(const std::map<std::string, std::string>& rules,
                       const std::string& common_name, std::string_view stanza,
                       std::string_view serves) {
  const auto found = rules.find(common_name);
  if (found == rules.end())
    return error{errc::access, "access denied"};
  const auto rule = trimmed(found->second);
  if (rule.empty())
    return empty_rule(common_name);
  const auto all = permissions_of(rule);
  for (const auto& one : all) {
    const bool every = one.stanza == "*" && (all.size() == 1 || !one.serves.empty());
    const bool named = !stanza.empty() && stanza != "*" && one.stanza == stanza;
    if ((every || named) && (one.serves.empty() || one.serves == serves))
      return success();
  }
  return error{errc::access, "access denied"};
}

} // namespace pgbraid::cli

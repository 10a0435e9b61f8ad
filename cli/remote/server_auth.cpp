// Which client may work on which stanza.
// SPDX-License-Identifier: MIT
#include "cli/remote/server_auth.hpp"

#include <fmt/format.h>

namespace pgbraid::cli {

namespace {

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos)
    return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

bool lists(std::string_view rule, std::string_view stanza) {
  for (size_t begin = 0; begin <= rule.size();) {
    const auto end = std::min(rule.find(',', begin), rule.size());
    if (trimmed(rule.substr(begin, end - begin)) == stanza)
      return true;
    begin = end + 1;
  }
  return false;
}

} // namespace

result<void> authorise(const std::map<std::string, std::string>& rules,
                       const std::string& common_name, std::string_view stanza) {
  const auto found = rules.find(common_name);
  if (found == rules.end())
    return error{errc::access, "access denied"};
  const auto rule = trimmed(found->second);
  if (rule.empty())
    return error{errc::option_invalid_value,
                 fmt::format("'tls-server-auth' option has no stanzas for '{}'", common_name)};
  if (rule == "*" || (!stanza.empty() && lists(rule, stanza)))
    return success();
  return error{errc::access, "access denied"};
}

} // namespace pgbraid::cli

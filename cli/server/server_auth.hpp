// Which client may work on which stanza.
// Source: cli/command/README.md, section 10.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"

#include <map>
#include <string>
#include <string_view>

namespace pgbraid::cli {

/// Whether any rule names this client; others learn nothing, not even what is wrong with the
/// configuration.
inline bool is_known(const std::map<std::string, std::string>& rules,
                     const std::string& common_name) {
  return rules.contains(common_name);
}

/// @param rules   common name = `*` or stanzas separated by commas; each may end with `:repo` or
///                `:pg`, and is then good for repositories or for clusters only
/// @param stanza  empty for a command without one, which only `*` allows
/// @param serves  what the client asks for: `repo` or `pg`
/// Fails with `access` (105) "access denied", `option_invalid_value` (32) for an empty rule.
result<void> authorise(const std::map<std::string, std::string>& rules,
                       const std::string& common_name, std::string_view stanza,
                       std::string_view serves);

/// Whether every rule can be understood; fails with `option_invalid_value` (32).
result<void> check_rules(const std::map<std::string, std::string>& rules);

} // namespace pgbraid::cli

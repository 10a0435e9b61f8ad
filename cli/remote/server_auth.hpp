// Which client may work on which stanza.
// Source: shared/spec/commands.md, section 11; options.md, section 5, tls-server-auth.
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

/// @param rules   common name = `*` or stanzas separated by commas
/// @param stanza  empty for a command without one, which only `*` allows
/// Fails with `access` (105) "access denied", `option_invalid_value` (32) for an empty rule.
result<void> authorise(const std::map<std::string, std::string>& rules,
                       const std::string& common_name, std::string_view stanza);

} // namespace pgbraid::cli

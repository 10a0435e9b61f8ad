// Names of users and groups of this host.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace pgbraid {

/// Looks names up once and remembers them: a cluster has a million files and two owners.
class owner_names {
public:
  /// Empty when the id has no name.
  const std::optional<std::string>& user(uint32_t uid);
  const std::optional<std::string>& group(uint32_t gid);

private:
  std::map<uint32_t, std::optional<std::string>> users_;
  std::map<uint32_t, std::optional<std::string>> groups_;
};

} // namespace pgbraid

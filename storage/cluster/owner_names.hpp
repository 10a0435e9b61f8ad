// Names of users and groups.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

namespace pgbraid {

/// Who knows the names of ids; empty when an id has none.
struct owner_lookup {
  std::function<std::optional<std::string>(uint32_t uid)> user;
  std::function<std::optional<std::string>(uint32_t gid)> group;
};
/// Those of this host.
owner_lookup local_owners();

/// Looks names up once and remembers them: a cluster has a million files and two owners.
class owner_names {
public:
  explicit owner_names(owner_lookup lookup = local_owners()) : lookup_(std::move(lookup)) {}
  /// Empty when the id has no name.
  const std::optional<std::string>& user(uint32_t uid);
  const std::optional<std::string>& group(uint32_t gid);

private:
  owner_lookup lookup_;
  std::map<uint32_t, std::optional<std::string>> users_;
  std::map<uint32_t, std::optional<std::string>> groups_;
};

} // namespace pgbraid

// Looking up users and groups.
// SPDX-License-Identifier: MIT
#include "actors/restore/host_names.hpp"

#include <grp.h>
#include <pwd.h>

#include <string>

namespace pgbraid {

plan::owner_lookup host_names() {
  return {.user_id = [](std::string_view name) -> std::optional<uint32_t> {
            const auto* found = ::getpwnam(std::string(name).c_str());
            return found != nullptr ? std::optional<uint32_t>(found->pw_uid) : std::nullopt;
          },
          .group_id = [](std::string_view name) -> std::optional<uint32_t> {
            const auto* found = ::getgrnam(std::string(name).c_str());
            return found != nullptr ? std::optional<uint32_t>(found->gr_gid) : std::nullopt;
          },
          .user_name = [](uint32_t id) -> std::optional<std::string> {
            const auto* found = ::getpwuid(id);
            return found != nullptr ? std::optional<std::string>(found->pw_name) : std::nullopt;
          },
          .group_name = [](uint32_t id) -> std::optional<std::string> {
            const auto* found = ::getgrgid(id);
            return found != nullptr ? std::optional<std::string>(found->gr_name) : std::nullopt;
          }};
}

} // namespace pgbraid

// Names of users of this system.
// SPDX-License-Identifier: MIT
#include "engine/base/user_name.hpp"

#include <pwd.h>

#include <array>

namespace pgbraid {

std::string user_name(uid_t uid) {
  std::array<char, 4096> room{};
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(uid, &entry, room.data(), room.size(), &found) != 0 || found == nullptr)
    return std::to_string(uid);
  return found->pw_name;
}

} // namespace pgbraid

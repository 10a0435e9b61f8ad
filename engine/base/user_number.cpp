// Users without names, for a static program: to find names the C library loads others, which such a
// program must not do.
// SPDX-License-Identifier: MIT
#include "engine/base/user_name.hpp"

namespace pgbraid {

/// In the place of the one in engine/base/user_name.cpp; compiled into the front of the program,
/// which says nothing with names in it itself.
std::string user_name(uid_t uid) {
  return std::to_string(uid);
}

} // namespace pgbraid

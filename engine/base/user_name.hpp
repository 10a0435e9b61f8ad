// Names of users of this system.
// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <string>

namespace pgbraid {

/// The name of a user, or his number where nobody knows one. A library of its own: the system may
/// load others to find out, which a static program cannot do (engine/base/user_number.cpp).
std::string user_name(uid_t uid);

} // namespace pgbraid

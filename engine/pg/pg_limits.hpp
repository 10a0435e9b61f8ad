// Settings of a server or a role that would end our sessions and statements.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace pgbraid::pg {

/// What turns off the limits that every version we know has; sent before anything else, because
/// a limit of a few milliseconds already holds for the next statement.
std::vector<std::string_view> first_limits_off();
/// What turns off those that came later.
/// @param server_version_num  150004, 90624
std::vector<std::string_view> later_limits_off(uint32_t server_version_num);

/// Which setting, or whose doing, an error with this SQLSTATE is: a sentence for a hint, empty for
/// all other states.
std::string_view limit_hint(std::string_view sqlstate);

} // namespace pgbraid::pg

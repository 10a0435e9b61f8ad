// Whether what lies in a directory can be believed: who owns it and who may write into it.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

namespace pgbraid::io {

/// Fails when others decide what lies in a directory: file_owner (88) when it belongs to neither
/// this user, root nor one of `also_trusted`; file_mode (83) when everybody may write into it. A
/// directory that is missing is fine: whoever makes it owns it.
/// @param role  what the directory is, as in `lock path`; it opens the message
result<void> check_directory_trust(const std::string& path, std::string_view role,
                                   const std::vector<uid_t>& also_trusted = {});

} // namespace pgbraid::io

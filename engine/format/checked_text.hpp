// The texts of info files, proved to be read as they were meant.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/format/archive_info.hpp"
#include "engine/format/backup_info.hpp"

#include <string>
#include <string_view>

namespace pgbraid::format {

/// Renders, reads what was rendered, and compares: nothing gets its name in a repository that its
/// readers would refuse or take for something else. Fails with `format` (29). Manifests, which may
/// be large, have `manifest_proof`.
result<std::string> checked_text(const backup_info& of);
result<std::string> checked_text(const archive_info& of);

/// Why a text is not published. @param what  that it is of
error would_not_be_read(std::string_view what, std::string_view why);

} // namespace pgbraid::format

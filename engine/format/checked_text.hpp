// The texts of info files and manifests, proved to be read as they were meant.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/format/archive_info.hpp"
#include "engine/format/backup_info.hpp"
#include "engine/format/manifest.hpp"

#include <string>

namespace pgbraid::format {

/// Renders, reads what was rendered, and compares: nothing gets its name in a repository that its
/// readers would refuse or take for something else. Fails with `format` (29).
/// @param of  a manifest is sorted
result<std::string> checked_text(const manifest& of);
result<std::string> checked_text(const backup_info& of);
result<std::string> checked_text(const archive_info& of);

} // namespace pgbraid::format

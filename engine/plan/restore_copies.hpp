// Whether another repository has the same backup, and the same files.
// Source of the rules: cli/command/README.md, section 7.10.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/format/manifest.hpp"

#include <span>
#include <string_view>
#include <vector>

namespace pgbraid::plan {

/// Whether two manifests describe one backup: label, cluster and the place in its WAL where the
/// backup began and ended.
bool is_same_backup(const format::manifest& one, const format::manifest& other);

/// Those files of another repository's manifest that hold what these hold: name, size and checksum
/// are the same. In the order of `wanted`; those that are not there, or are other ones, are left
/// out.
std::vector<const format::manifest_file*>
same_files(const format::manifest& in, std::span<const format::manifest_file* const> wanted);

/// Whether a failure means that the repository is not there any more, so that asking it for other
/// files is in vain; else it is about one file.
bool is_lost_repository(const error& what);

} // namespace pgbraid::plan

// Files that the chosen repository cannot give, from others that have the same backup.
// Source of the rules: cli/command/README.md, section 7.10.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/restore/restore_job.hpp"
#include "actors/restore/restore_source.hpp"
#include "actors/run/graph_compiler.hpp"
#include "engine/base/result.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace pgbraid {

/// Restores what was left over, from one repository after the other, each with its own manifest and
/// passphrase. Each file is told with a WARN, and so is a repository that cannot help.
/// @param left    at least one
/// @param first   of the repository that was chosen, whose targets and rules are used
/// @param others  are asked in this order
/// @returns how many files came from elsewhere; the failure of the first file that nobody has
result<uint64_t> restore_from_others(std::vector<left_file> left, const restore_context& first,
                                     const std::string& first_name,
                                     std::vector<backup_repository>& others,
                                     const actors::graph_compiler& compile);

} // namespace pgbraid

// What speaks against a restore before anything is changed, and whether it goes on all the same.
// Source of the rules: cli/command/README.md, section 7.1.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/format/manifest.hpp"
#include "engine/plan/recovery_type.hpp"
#include "engine/plan/restore_clean.hpp"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pgbraid::plan {

/// Option `restore-check`: what a doubt does.
enum class doubt_rule : uint8_t { refuse, warn };

/// A doubt refuses the restore, or is a WARN.
/// @param doubt  with the hint for those who are refused
/// @returns the text of the WARN
result<std::string> refuse_or_warn(doubt_rule rule, const error& doubt);

/// Whether WAL may come from where nobody can look: a restore_command or primary_conninfo of the
/// user's own.
/// @param recovery_options  option `recovery-option`
bool has_other_sources(recovery_type type,
                       const std::map<std::string, std::string>& recovery_options);
/// Missing WAL refuses only where it is known to be nowhere.
/// @param all_looked_through  every archive that recovery will ask
doubt_rule rule_for_wal(doubt_rule wished, bool all_looked_through, bool other_sources);

/// `file_missing` (55). @param backup  with archive start and stop
error missing_wal(const format::manifest& backup, std::string_view segment);
/// `path_not_empty` (40). @param path  a target outside of PGDATA
error foreign_target(std::string_view path, std::string_view pg_path);

/// Files with wrong page checksums, as the backup found them, that a restore would write.
std::vector<const format::manifest_file*> broken_files(const format::manifest& backup,
                                                       const restore_rules& rules);
/// Fails with `checksum` (26) when there is one.
/// @param names  absolute paths of those that would be written
result<void> refuse_broken_pages(std::span<const std::string> names);

} // namespace pgbraid::plan

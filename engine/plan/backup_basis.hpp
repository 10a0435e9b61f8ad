// What a new backup builds on: its type, the backup before it, and what it takes over from that.
// Source: cli/command/README.md, section 5.3; engine/format/README.md, section 8.4.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/compress_type.hpp"
#include "engine/format/backup_info.hpp"
#include "engine/format/manifest.hpp"
#include "engine/plan/noted.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgbraid::plan {

/// What a backup is to be, and on which one it builds.
struct backup_basis {
  format::backup_type type = format::backup_type::full;
  std::optional<std::string> prior = {}; ///< label; a full backup has none
  std::string prior_version = {};        ///< of the program that wrote it
};

/// A diff builds on the newest full backup of the current cluster, an incr on the newest backup of
/// any type; where there is none, a full backup is made instead, with a warning.
/// @param wish   option type: full, diff, incr
/// @param known  made to agree with the disk: what is not listed is nothing to build on
noted<backup_basis> choose_backup_basis(std::string_view wish, const format::backup_info& known);

/// What all backups of a set have in common.
struct common_rules {
  compress_type compression = compress_type::none;
  int compress_level = 0;
  bool checksum_page = false;
  bool raw_members = false; ///< members of bundles are in raw containers
  friend bool operator==(const common_rules&, const common_rules&) = default;
};

struct settled_rules {
  common_rules rules;
  std::vector<std::string> warnings = {}; ///< for each wish that is not met
};

/// The rules of a diff or incr: those of the backup it builds on, whatever was asked for.
/// @param type  of the new backup
settled_rules settle_rules(const common_rules& wanted, format::backup_type type,
                           const format::manifest& prior);

/// The labels that the new manifest begins with: those of the prior in their order, since block
/// maps store positions, and the prior itself. The new label comes last, once it is known.
std::vector<std::string> inherited_references(const format::manifest& prior);

} // namespace pgbraid::plan

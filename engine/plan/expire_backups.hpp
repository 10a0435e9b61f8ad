// Which backups expire must not lose, and which directories of backups nobody needs.
// Source of the rules: cli/command/README.md, sections 8.1 and 8.2.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/format/backup_info.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pgbraid::plan {

/// Whether a backup belongs to the same set as one of these, which are not to be touched now: it
/// may need that one, or be needed by it.
bool shares_a_set(std::string_view label, std::span<const std::string> untouchable);

/// The newest full backup without page errors, none when there is none.
std::optional<std::string> newest_sound_full(const format::backup_info& info);
/// The newest backup without page errors among full ones, with `diff` those, too, with `incr` all;
/// nor has any that it depends on.
std::optional<std::string> newest_sound(const format::backup_info& info, format::backup_type up_to);
/// The oldest backup that is left when the sets are gone, if it is known to have page errors.
std::optional<std::string>
oldest_left_with_errors(const format::backup_info& info,
                        const std::vector<std::vector<std::string>>& expired);

/// A backup directory as far as cleaning is concerned.
struct backup_directory {
  std::string label;
  bool has_manifest = false;
  bool has_copy = false;
  bool hopeless = false; ///< cannot be resumed: it is being removed, or what it is based on is gone
};
/// Directories of backups that are not listed, oldest first. The newest one on disk stays when it
/// has a manifest copy and no manifest: it is being made, or can be resumed while its base is
/// there. Whoever removes one without a manifest must first see that nobody works on it
/// (`is_abandoned`).
/// @param on_disk     sorted by label
/// @param unreadable  labels of backups whose manifest cannot be read now; their sets stay
std::vector<std::string> abandoned_directories(const format::backup_info& info,
                                               const std::vector<backup_directory>& on_disk,
                                               std::span<const std::string> unreadable = {});

/// How often the backup that is being made changes its manifest copy, whatever else it does.
inline constexpr int64_t renew_after_s = 30;
/// An incomplete backup in which nothing has changed for so long belongs to nobody. pgBackRest
/// renews nothing, but what it copies changes its directory, too.
inline constexpr int64_t abandoned_after_s = 600;
/// Whether nobody works on an incomplete backup any more.
/// @param changed_s  the last change of anything in it
/// @param now_s      by the same clock
bool is_abandoned(int64_t changed_s, int64_t now_s);

} // namespace pgbraid::plan

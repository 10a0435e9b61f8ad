// The settings a restored cluster recovers with.
// Source of the rules: cli/command/README.md, section 7.7.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/plan/recovery_type.hpp"
#include "engine/postgres/version.hpp"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pgbraid::plan {

struct recovery_wish {
  recovery_type type = recovery_type::standard;
  postgres::version_number version = 0;
  std::string target = {};
  bool exclusive = false;
  std::string target_action = "pause";
  std::optional<std::string> target_timeline = {};
  bool archive_mode_off = false;
  std::map<std::string, std::string> options = {}; ///< option `recovery-option`
  std::string restore_command = {};
  std::string restored_at = {}; ///< local time, for the comments
};

/// What is to be done to the recovery files of PGDATA.
struct recovery_files {
  /// Changed: old recovery targets are disabled, `settings` appended. Empty: leave all alone.
  std::optional<std::string> settings_file = {};
  std::string settings = {};
  /// Made, empty.
  std::optional<std::string> signal_file = {};
  /// Type preserve: WARN when it is missing.
  std::optional<std::string> expected_file = {};
};

/// Decides everything about recovery files.
/// Fails with `option_invalid` (31) for what the release does not have: `standby_mode` since 12,
/// `archive-mode=off` before 12, and for settings that span lines.
result<recovery_files> plan_recovery(const recovery_wish& wish);

/// The command line for setting restore_command: program, words, `archive-get %f "%p"`.
std::string restore_command_of(std::string_view program, std::span<const std::string> words);

/// Comments out the recovery targets of an earlier restore.
std::string disable_old_targets(std::string_view settings_file, std::string_view restored_at);

} // namespace pgbraid::plan

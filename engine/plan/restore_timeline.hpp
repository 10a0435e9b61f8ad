// Whether the timeline a restore aims at can be reached from a backup.
// Source of the rules: cli/command/README.md, section 7.3.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/format/timeline_history.hpp"
#include "engine/plan/recovery_type.hpp"
#include "engine/postgres/version.hpp"
#include "engine/postgres/wal_name.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace pgbraid::plan {

enum class timeline_wish_kind : uint8_t { current, latest, number };

struct timeline_wish {
  timeline_wish_kind kind = timeline_wish_kind::current;
  uint32_t number = 0; ///< for `number`
};

/// Reads option `target-timeline`: `current`, `latest`, decimal or `0x` hexadecimal; without it
/// what the release does on its own. Fails with `db_mismatch` (58) for another word.
result<timeline_wish> read_timeline_wish(const std::optional<std::string>& option,
                                         recovery_type type, postgres::version_number version);

/// Checks that recovery from a backup can follow `target`.
/// @param history  the parsed history file of `target`
/// Fails with `db_mismatch` (58) when the backup's timeline is not in it, or when `target` forked
/// before the backup began.
result<void> check_timeline(uint32_t target, uint32_t backup_timeline, postgres::lsn backup_start,
                            std::span<const format::timeline_switch> history);

} // namespace pgbraid::plan

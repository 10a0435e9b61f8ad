// How far a restored cluster recovers: option `type` of restore.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace pgbraid::plan {

enum class recovery_type : uint8_t {
  standard, ///< word `default`: to the end of the WAL
  immediate,
  standby,
  none,
  preserve, ///< recovery files of the target stay as they are
  name,
  time,
  lsn,
  xid,
};

/// Empty for a word that is no type.
std::optional<recovery_type> parse_recovery_type(std::string_view word);
std::string_view recovery_type_word(recovery_type type);
/// The type of a restore from such a backup: from one of a stopped cluster nothing is recovered
/// unless somebody said so.
/// @param given  the type was asked for, not taken by default
/// @param online  the backup was made of a running cluster
recovery_type type_for_backup(recovery_type wished, bool given, bool online);
/// Whether the type needs option `target`.
bool has_recovery_target(recovery_type type);

} // namespace pgbraid::plan

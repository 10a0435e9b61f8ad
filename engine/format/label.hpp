// Backup labels: how they are made, read and ordered.
// Source of the rules: engine/format/README.md, section 2.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace pgbraid::format {

enum class backup_type : uint8_t { full, diff, incr };

/// `full`, `diff`, `incr`.
std::string_view backup_type_name(backup_type type);
std::optional<backup_type> parse_backup_type(std::string_view name);

/// Whether `text` is `YYYYMMDD-HHMMSSF` or `<full>_YYYYMMDD-HHMMSS(D|I)`.
bool is_label(std::string_view text);
/// The type that a valid label tells.
backup_type type_of_label(std::string_view label);
/// The first 16 characters of a valid label: the full backup its set starts with.
std::string_view full_of_label(std::string_view label);

/// A label for a backup that starts at `start_s` (epoch), in the local time zone of the process.
/// @param full  label of the full backup; not used for a full
std::string make_label(backup_type type, int64_t start_s, std::string_view full = {});

/// A label later than all that exist.
struct new_label {
  std::string label;
  /// One second was added: the caller must sleep until `start_s + 1` has passed.
  bool second_added = false;
};
/// Makes a label that sorts after every one of `existing` that it must be compared with: for a full
/// all of them, for diff and incr those of the same set. Adds one second once.
/// Fails with `clock` (106) when that is not enough.
/// @param existing  labels on disk and those of the newest year in backup.history, in any order
result<new_label> choose_label(backup_type type, int64_t start_s, std::string_view full,
                               std::span<const std::string> existing);

} // namespace pgbraid::format

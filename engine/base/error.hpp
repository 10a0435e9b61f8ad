// Error values: an exit status, a message and a hint.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pgbraid {

/// Exit statuses, equal to the peer's; the meaning of a number never changes.
/// Source: cli/command/README.md, section 1.2.
enum class errc : uint8_t {
  assertion = 25,
  checksum = 26,
  config = 27,
  file_invalid = 28,
  format = 29,
  command_required = 30,
  option_invalid = 31,
  option_invalid_value = 32,
  option_required = 37,
  pg_running = 38,
  protocol = 39,
  path_not_empty = 40,
  file_open = 41,
  file_read = 42,
  param_required = 43,
  archive_mismatch = 44,
  archive_duplicate = 45,
  version_not_supported = 46,
  path_create = 47,
  command_invalid = 48,
  host_connect = 49,
  lock_acquire = 50,
  backup_mismatch = 51,
  file_sync = 52,
  path_open = 53,
  path_sync = 54,
  file_missing = 55,
  db_connect = 56,
  db_query = 57,
  db_mismatch = 58,
  file_remove = 60,
  path_remove = 61,
  stop = 62,
  term = 63,
  file_write = 64,
  feature_not_supported = 67,
  archive_command_invalid = 68,
  link_expected = 69,
  link_destination = 70,
  host_invalid = 72,
  path_missing = 73,
  file_move = 74,
  backup_set_invalid = 75,
  tablespace_map = 76,
  link_map = 78,
  file_close = 79,
  db_missing = 80,
  db_invalid = 81,
  archive_timeout = 82,
  file_mode = 83,
  archive_disabled = 87,
  file_owner = 88,
  user_missing = 89,
  file_exists = 93,
  memory = 94,
  crypto = 95,
  param_invalid = 96,
  path_close = 97,
  file_info = 98,
  json_format = 99,
  kernel = 100,
  service = 101,
  execute = 102,
  repo_invalid = 103,
  command = 104,
  access = 105,
  clock = 106,
  runtime = 122,
  unhandled = 124,
  unknown = 125,
};

/// The name that messages show, for example `FileMissingError`.
std::string_view error_name(errc code);

/// What went wrong and what to do about it.
/// The message starts in lower case, quotes names with ', and has no full stop at its end.
/// The hint holds zero or more lines, each a whole sentence, separated by LF; the log prints each
/// as `HINT: ...`.
struct error {
  errc code = errc::unknown;
  std::string message;
  std::string hint = {};
  /// The same once more, a little later, may succeed: the way there broke, or the other end was
  /// busy. Set by whoever knows (drivers, links, the system's own numbers), never for what stays as
  /// it is, like a file that is missing or a disk that is full.
  bool transient = false;
  /// The store keeps the file from everybody, until a time or until somebody ends a hold: it cannot
  /// be removed or changed now, and others can. Set by drivers of object stores.
  bool held = false;

  /// The message followed by one `HINT: ` line per hint, as the log prints it.
  std::string text() const;
  /// The same error with `context` and ": " before its message.
  error within(std::string_view context) const;
};

/// An error from the system: the message gets `: [errno] text` appended. Transient where the number
/// speaks of a network, of a call that was cut short, or of what others hold for now.
error system_error(errc code, std::string message, int error_number);

} // namespace pgbraid

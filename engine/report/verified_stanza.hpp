// What `verify` says of a stanza.
// Source of the shapes: cli/command/README.md, section 13.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace pgbraid::report {

/// How many files were looked at, and what is wrong with those that are not valid. A file counts
/// once; of WAL that is there twice none is valid, and none counts as wrong.
struct verified_files {
  uint64_t total = 0;
  uint64_t valid = 0;
  uint64_t missing = 0;
  uint64_t wrong_content = 0;
  uint64_t wrong_size = 0;
  uint64_t unreadable = 0;
};

struct verified_archive {
  std::string id;    ///< `15-1`
  bool known = true; ///< archive.info lists it
  verified_files wal = {};
};

enum class verified_state : uint8_t { valid, invalid, manifest_missing, in_progress };

struct verified_backup {
  std::string label;
  verified_state state = verified_state::valid;
  verified_files files = {};
  /// Segments from its start to its end that are in no archive and not in the backup, or not valid.
  uint64_t lacking_wal = 0;
  /// Backups that are not valid, and may hold blocks of its files.
  std::vector<std::string> doubtful = {};
};

/// WAL that this host dropped before the repository had it.
struct verified_gap {
  std::string first;
  std::string last;
  int64_t since_s = 0; ///< since 1970
};

struct verified_stanza {
  std::string name;
  /// Why nothing else could be verified; then the lists are empty.
  std::vector<std::string> problems = {};
  std::vector<verified_archive> archives = {};
  std::vector<verified_backup> backups = {};
  /// Those that are known here. They damage only what needs their WAL, which counts there.
  std::vector<verified_gap> gaps = {};

  bool is_damaged() const;
};

/// Lines without a line feed at the end.
/// @param verbose  what is well, too
std::string verified_text(const verified_stanza& of, bool verbose);
/// One object and a line feed; ours, since pgBackRest has none.
std::string verified_json(const verified_stanza& of);

} // namespace pgbraid::report

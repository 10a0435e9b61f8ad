// What a restore would do, for people and for programs.
// Source of the shape: cli/command/README.md, section 7.11.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace pgbraid::report {

/// What would become of one name in the targets.
enum class restore_action : uint8_t {
  restore, ///< a file is written
  keep,    ///< a file stays: it has the content already
  zero,    ///< a file gets its length only
  remove,  ///< a file, link or path that is not in the backup goes
};

struct previewed_entry {
  restore_action action = restore_action::restore;
  std::string path;      ///< absolute
  uint64_t bytes = 0;    ///< of the file in its place; 0 of what is removed
  std::string from = {}; ///< the backup that holds what is read; empty: nothing is read
};

struct restore_preview {
  std::string backup;
  unsigned repo_key = 1;
  std::string pg_path;
  std::vector<previewed_entry> entries = {}; ///< in the order in which they are shown
};

/// A line for each name, then the sums, those of what is read for each backup.
std::string preview_text(const restore_preview& of);
/// One object. Names are as JSON may hold them, whatever bytes they have.
std::string preview_json(const restore_preview& of);

} // namespace pgbraid::report

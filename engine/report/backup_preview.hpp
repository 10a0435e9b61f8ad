// What a backup would do, for people and for programs.
// Source of the shape: cli/command/README.md, section 5.10.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pgbraid::report {

/// What would become of a file of the cluster.
enum class backup_action : uint8_t {
  compare, ///< it is stored unless its content turns out to be what the prior backup has
  copy,    ///< it is stored
  keep,    ///< it is what an incomplete backup has stored
  record,  ///< it is empty, and only written down
  refer,   ///< it is what the prior backup has
};

struct backup_preview_entry {
  backup_action action = backup_action::copy;
  std::string_view why = {};  ///< new, size, time, compare, ...; lives longer than the preview
  std::string_view name = {}; ///< in the manifest, which outlives the preview
  uint64_t bytes = 0;
  std::string_view from = {}; ///< the backup that holds it; of `refer` and `keep`
};

struct backup_preview {
  std::string_view type = {}; ///< full, diff, incr
  std::string prior = {};     ///< label; empty: none
  bool delta = false;         ///< contents are compared, not times
  std::vector<backup_preview_entry> entries = {};
};

/// A line for each file, then the sums.
std::string preview_text(const backup_preview& of);
/// One object. Names are as JSON may hold them, whatever bytes they have.
std::string preview_json(const backup_preview& of);

} // namespace pgbraid::report

// Which files that are already in place have the content of the backup: read and hashed by all
// workers, several files at once.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/restore/restore_tree.hpp"
#include "actors/run/graph_compiler.hpp"
#include "engine/base/result.hpp"
#include "engine/format/manifest.hpp"
#include "engine/plan/restore_map.hpp"
#include "engine/plan/restore_order.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace pgbraid {

using plan::file_set;

/// What makes an existing file the one of the backup.
enum class same_by : uint8_t {
  content, ///< size and SHA-1
  time,    ///< size and time, which must be before the copy of the backup began
  /// Size and SHA-1; one that is stored in blocks and was written at another time is left to its
  /// restore, which looks at each block and at its SHA-1 afterwards: twice would be once too often.
  content_or_blocks,
};

/// The files that are in place as they should be, as far as content goes. One that is too large is
/// not: the pages after its end belong to a later time, and a relation that grew hardly ever kept
/// all its pages. Changes nothing.
result<file_set> find_same_files(const format::manifest& backup, const plan::restore_mapping& where,
                                 restore_tree& in,
                                 std::span<const format::manifest_file* const> files, same_by how,
                                 const actors::graph_compiler& compile);

/// What `find_same_files` would run; nothing where it would read no file.
result<std::optional<actors::drawn_job>>
draw_comparison(const format::manifest& backup, const plan::restore_mapping& where,
                restore_tree& in, std::span<const format::manifest_file* const> files, same_by how);

} // namespace pgbraid

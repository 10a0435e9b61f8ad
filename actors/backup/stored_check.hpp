// Whether files of an incomplete backup are stored as its manifest says: all that counts of what
// somebody else has begun.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/run/graph_compiler.hpp"
#include "engine/base/result.hpp"
#include "engine/format/manifest.hpp"
#include "storage/repository/repository.hpp"

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace pgbraid {

/// A backup directory, its manifest, and what is needed to read it. All must outlive the check.
struct stored_files {
  repository& in;
  const format::manifest& of;
  const std::vector<entry>& tree;          ///< all that is in the directory: `storage::list_tree`
  bool repository_here = true;             ///< its files are open in this process
  std::function<result<void>()> tick = {}; ///< about once a second; a failure ends the check
};

/// Reads what is stored of these files, all workers together, and returns those of them, as indexes
/// in the manifest and ascending, that are missing, of another size or of another content. A bundle
/// is read once. Reads only.
/// @param files  indexes of files with content and checksum that refer to no other backup
result<std::vector<uint32_t>> find_damaged(const stored_files& where,
                                           std::span<const uint32_t> files,
                                           const actors::graph_compiler& compile);

} // namespace pgbraid

// Which files of a backup travel together, and in which order they are dealt.
// Source of the bundle rules: engine/format/README.md, section 9.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace pgbraid::plan {

/// What the plan needs to know of a file.
struct file_weight {
  uint32_t index = 0; ///< in the manifest
  uint64_t size_bytes = 0;
  int64_t mtime_s = 0;
  std::string_view name = {};
  uint32_t target = 0; ///< PGDATA or a tablespace; a bundle holds files of one target
};

struct batch_rules {
  bool bundle = false;
  uint64_t bundle_limit_bytes = 0; ///< the largest file that is bundled
  uint64_t bundle_size_bytes = 0;  ///< a bundle ends once its plain bytes reach this
  uint32_t first_bundle_id = 1;
};

/// One or more files that one worker takes at once.
struct batch {
  uint32_t bundle_id = 0; ///< 0: the files are stored alone
  uint64_t plain_bytes = 0;
  std::vector<uint32_t> files = {}; ///< indexes in the manifest, in the order they are stored
};

/// Deals with large files first, one each; then bundles, or batches of small files.
/// With bundling, files of size 0 are in no batch: they are not stored at all.
/// Bundle ids are consecutive. Within a bundle files lie by age, then name, so that what changes
/// together lies together; everything is a function of the arguments.
std::vector<batch> deal_backup(std::vector<file_weight> files, const batch_rules& rules);

/// A bundle ends at this many files, too: whoever writes or reads one knows something of each of
/// them at the same time.
inline constexpr size_t bundle_files = 8192;

/// A batch of files that are stored alone ends at this many files or bytes, whichever comes first.
inline constexpr size_t small_batch_files = 64;
inline constexpr uint64_t small_batch_bytes = uint64_t{4} << 20;

} // namespace pgbraid::plan

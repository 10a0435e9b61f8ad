// What is in the places of many files: looked at together, which opens each directory once.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/restore/restore_tree.hpp"
#include "engine/base/result.hpp"
#include "engine/format/manifest.hpp"
#include "engine/plan/restore_map.hpp"
#include "storage/storage.hpp"

#include <cstddef>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

namespace pgbraid {

/// What is in the place of each file, in their order; nothing where that is no file, or not of the
/// file's size.
result<std::vector<std::optional<entry_info>>>
find_placed(const plan::restore_mapping& where, restore_tree& in,
            std::span<const format::manifest_file* const> files);

/// Files of one batch that were found to have the right content. They are looked at once more when
/// the first of them is opened: what somebody took away since they were compared is restored.
/// Goes with the last task that holds it. Thread-safe once all files were added.
class kept_files {
public:
  kept_files(const plan::restore_mapping& where, restore_tree& in) : where_(where), in_(in) {}

  /// @returns the file's position, for `at`
  size_t add(const format::manifest_file& file);
  /// As of `find_placed`.
  result<std::optional<entry_info>> at(size_t position);

private:
  const plan::restore_mapping& where_;
  restore_tree& in_;
  std::vector<const format::manifest_file*> files_ = {};
  std::once_flag looked_;
  result<std::vector<std::optional<entry_info>>> found_{std::vector<std::optional<entry_info>>()};
};

} // namespace pgbraid

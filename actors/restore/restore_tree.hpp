// The directories that a restore fills: checked, cleaned, built and synced.
// Source of the rules: cli/command/README.md, sections 7.4 and 7.6.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/format/manifest.hpp"
#include "engine/plan/restore_clean.hpp"
#include "engine/plan/restore_map.hpp"
#include "engine/plan/restore_owner.hpp"
#include "storage/storage.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace pgbraid {

/// Opens a storage rooted at an absolute path; nothing is read yet.
using root_opener = std::function<std::unique_ptr<storage>(const std::string& path)>;

/// All roots of one restore. Each has a storage of its own, so that nothing that is written can
/// leave it through a link. What is passed must outlive the tree.
class restore_tree {
public:
  restore_tree(const format::manifest& backup, const plan::restore_mapping& where,
               const plan::restore_rules& rules, const plan::owner_policy& owners,
               const root_opener& open);

  /// The storage of a root, by its index in the mapping.
  storage& at(size_t root) { return *storages_[root]; }
  storage& data() { return at(0); }

  /// Changes nothing. Every target that exists must belong to us and be writable (`path_open`) and,
  /// unless files may be overwritten, be empty (`path_not_empty`); the destination of a file link
  /// must not exist (`file_exists`).
  /// @param overwrite  delta or force
  result<void> check(bool overwrite);
  /// Gets a name that does not belong to the backup.
  using stranger_taker =
      std::function<result<void>(const plan::restore_place& at, const entry& what)>;
  /// All that is in the targets and not in the backup; paths are not looked into then. Changes
  /// nothing itself.
  result<void> each_stranger(const stranger_taker& take);
  /// Removes global/pg_control, so that an aborted restore cannot be started, and then everything
  /// that is not in the backup.
  result<void> clean(bool overwrite);
  /// Makes PGDATA alone.
  result<void> build_data();
  /// Makes missing directories and links; sets mode and owner of all directories.
  result<void> build();
  /// Whether files may be written with `sync_later` in every root. After `build`.
  bool may_sync_later();
  /// Makes all directories durable except `global`, which holds pg_control.
  /// @param files_too  files that were not written now, or not synced one by one
  result<void> sync(bool files_too);

private:
  struct found_path {
    size_t root;
    std::string path;
    std::string name;
  };
  result<void> check_root(size_t root, bool overwrite);
  result<void> strangers_of(size_t root, const stranger_taker& take);
  result<void> strangers_in(const found_path& at, const stranger_taker& take);
  result<void> remove_entry(const plan::restore_place& at, const entry& found);
  result<void> build_path(const format::manifest_path& path);
  result<void> build_link(const plan::restore_link& link);

  const format::manifest& backup_;
  const plan::restore_mapping& where_;
  const plan::restore_rules& rules_;
  const plan::owner_policy& owners_;
  std::vector<std::unique_ptr<storage>> storages_;
};

} // namespace pgbraid

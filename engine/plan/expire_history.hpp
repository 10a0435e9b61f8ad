// Which manifests in backup.history retention no longer keeps.
// Source of the rules: cli/command/README.md, section 8.5.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/format/backup_info.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace pgbraid::plan {

/// What has outlived its backup for so many days goes. The manifest of a listed backup stays.
class history_retention {
public:
  /// @param left   after expired backups have gone
  /// @param now_s  labels are made of local time
  history_retention(const format::backup_info& left, uint64_t days, int64_t now_s);

  /// Whether the directory of a year goes with all that is in it.
  bool drops_year(std::string_view year) const;
  /// Whether there may be something in it to remove one by one.
  bool must_look_into(std::string_view year) const;
  /// Whether a file goes: `LABEL.manifest.gz`.
  bool drops_file(std::string_view name) const;

private:
  const format::backup_info& left_;
  std::string first_kept_; ///< a label; empty: all stay
};

} // namespace pgbraid::plan

// Which WAL retention no longer keeps.
// Source of the rules: cli/command/README.md, section 8.3.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/format/archive_info.hpp"
#include "engine/format/backup_info.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgbraid::plan {

/// WAL that is kept, as segment names. Without `stop`: everything from `start` on.
struct wal_span {
  std::string label; ///< the backup that needs it; empty: kept because it was asked for
  std::string start;
  std::optional<std::string> stop = {};
};

/// What happens to one archive id.
struct archive_plan {
  enum class action : uint8_t {
    none,       ///< nothing can be said to be unneeded
    remove_all, ///< no backup belongs to this archive id, and it is not the current one
    keep_spans,
  };
  action what = action::none;
  /// What is kept; the last one is the boundary, from which all WAL is kept.
  std::vector<wal_span> spans = {};

  const std::string& boundary() const { return spans.back().start; }
  /// Whether a 16-digit directory may hold WAL that is kept.
  bool keeps_directory(std::string_view directory) const;
  /// Whether a kept directory may hold WAL to remove; those beyond the boundary cannot.
  bool must_look_into(std::string_view directory) const;
  /// Whether a file of a WAL directory is kept: judged by its first 24 characters.
  bool keeps_file(std::string_view name) const;
  /// Whether a timeline history file (`<8 hex>.history`) is kept.
  bool keeps_history(std::string_view name) const;
};

/// Which backups keep all WAL since their start.
struct archive_rule {
  uint64_t count = 1; ///< so many of the newest that count, at least 1
  /// Which count: full ones; with `diff` those, too; with `incr` all.
  format::backup_type counted = format::backup_type::full;
  /// A backup that counts and keeps its WAL, too, and so do all newer ones; empty: none.
  std::string keep_from = {};
  /// All WAL from this segment on stays (`archive-expire-before`). With it, WAL may go although
  /// there are not so many backups, or none at all.
  std::optional<std::string> before = {};
};

/// Decides on the archive ids of a stanza.
class archive_retention {
public:
  /// @param info  after expired backups have gone
  archive_retention(const format::backup_info& info, archive_rule rule);

  /// @param is_current  the id that the cluster archives to now
  archive_plan plan(uint64_t history_id, bool is_current) const;

private:
  archive_plan keep_asked(archive_plan made) const;
  const format::backup_summary* boundary_of(uint64_t history_id) const;

  const format::backup_info& info_;
  archive_rule rule_;
  std::vector<const format::backup_summary*> counted_ = {}; ///< newest first
};

/// Whether both files list the same clusters; otherwise no WAL may be removed.
/// Fails with `format` (29).
result<void> check_histories(const format::archive_info& archive,
                             const format::backup_info& backup);

} // namespace pgbraid::plan

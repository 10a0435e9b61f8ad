// Doubts, and their texts.
// SPDX-License-Identifier: MIT
#include "engine/plan/restore_doubt.hpp"

#include <fmt/format.h>

#include <utility>

namespace pgbraid::plan {

result<std::string> refuse_or_warn(doubt_rule rule, const error& doubt) {
  if (rule == doubt_rule::warn)
    return doubt.message;
  auto refusal = doubt;
  refusal.hint += "\nNothing was changed.";
  return refusal;
}

bool has_other_sources(recovery_type type,
                       const std::map<std::string, std::string>& recovery_options) {
  return type == recovery_type::preserve || type == recovery_type::standby ||
         recovery_options.contains("restore-command") ||
         recovery_options.contains("restore_command");
}

doubt_rule rule_for_wal(doubt_rule wished, bool all_looked_through, bool other_sources) {
  return all_looked_through && !other_sources ? wished : doubt_rule::warn;
}

error missing_wal(const format::manifest& backup, std::string_view segment) {
  return {errc::file_missing,
          fmt::format("WAL segment {} is in no archive, but backup set {} needs all WAL from {} to "
                      "{} to become consistent",
                      segment, backup.label, *backup.archive_start, *backup.archive_stop),
          "A cluster restored from this set would not start. Choose another one with --set, or go "
          "on with --restore-check=warn where the segment will come from elsewhere."};
}

error foreign_target(std::string_view path, std::string_view pg_path) {
  return {errc::path_not_empty,
          fmt::format("'{}' has files, but no link in '{}' leads there: it may be another "
                      "cluster's, and what is not in the backup would be removed from it",
                      path, pg_path),
          "Map it to another directory with --tablespace-map or --link-map, or go on with "
          "--restore-check=warn."};
}

std::vector<const format::manifest_file*> broken_files(const format::manifest& backup,
                                                       const restore_rules& rules) {
  std::vector<const format::manifest_file*> out;
  for (const auto& file : backup.files)
    if (file.pages == format::page_check::broken && rules.is_restored(file.name) &&
        !rules.is_zeroed(file.name))
      out.push_back(&file);
  return out;
}

result<void> refuse_broken_pages(std::span<const std::string> names) {
  if (names.empty())
    return success();
  std::string lines;
  for (const auto& name : names)
    lines += (lines.empty() ? "" : "\n") +
             fmt::format("invalid page checksum(s) found in file {}", name);
  return error{errc::checksum, std::move(lines),
               "The pages were wrong when the backup was made. Choose another set with --set, or "
               "restore this one with --no-checksum-page-error.\nNothing was changed."};
}

} // namespace pgbraid::plan

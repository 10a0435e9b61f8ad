// What a new backup builds on.
// SPDX-License-Identifier: MIT
#include "engine/plan/backup_basis.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pgbraid::plan {

noted<backup_basis> choose_backup_basis(std::string_view wish, const format::backup_info& known) {
  using format::backup_type;
  const auto type = format::parse_backup_type(wish).value_or(backup_type::full);
  if (type == backup_type::full)
    return {{.type = type}};
  for (auto at = known.backups.rbegin(); at != known.backups.rend(); ++at) {
    if (at->history_id != known.current_id)
      continue;
    if (type == backup_type::diff && at->type != backup_type::full)
      continue;
    return {{.type = type, .prior = at->label, .prior_version = at->writer_version}};
  }
  return {{}, fmt::format("no prior backup exists, {} backup has been changed to full", wish)};
}

settled_rules settle_rules(const common_rules& wanted, format::backup_type type,
                           const format::manifest& prior) {
  settled_rules out{.rules = wanted};
  const auto name = format::backup_type_name(type);
  const auto& before = prior.options;
  if (before.compress_kind != wanted.compression) {
    out.warnings.push_back(
        fmt::format("{} backup cannot alter compress-type option to '{}', reset to value in {}",
                    name, compress_type_name(wanted.compression), prior.label));
    out.rules.compression = before.compress_kind;
    out.rules.compress_level = static_cast<int>(before.compress_level.value_or(0));
  }
  if (const bool had = before.checksum_page.value_or(false); had != wanted.checksum_page) {
    out.warnings.push_back(
        fmt::format("{} backup cannot alter 'checksum-page' option to '{}', reset to '{}' from {}",
                    name, wanted.checksum_page, had, prior.label));
    out.rules.checksum_page = had;
  }
  out.rules.raw_members = prior.bundle_raw;
  return out;
}

std::vector<std::string> inherited_references(const format::manifest& prior) {
  auto out = prior.references;
  if (std::ranges::find(out, prior.label) == out.end())
    out.push_back(prior.label);
  return out;
}

} // namespace pgbraid::plan

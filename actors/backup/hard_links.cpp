// Linking files of other backups.
// SPDX-License-Identifier: MIT
#include "actors/backup/hard_links.hpp"

#include "engine/base/log.hpp"
#include "engine/format/info_value.hpp"
#include "engine/format/repository_path.hpp"

namespace pgbraid {

result<void> link_references(repository& repo, const format::manifest& of) {
  const auto kind = of.options.compress_kind;
  for (const auto& file : of.files) {
    if (file.reference == format::none_index || file.in_bundle() || file.is_block_incremental())
      continue;
    const auto& holder = of.holder(file);
    const auto existing = format::data_file_path(repo.stanza(), holder, file.name, kind);
    const auto path = format::data_file_path(repo.stanza(), of.label, file.name, kind);
    if (auto linked = repo.files().make_hardlink(path, existing); !linked)
      return linked;
    log::detail("hardlink {} to {}", format::printable(file.name), holder);
  }
  return success();
}

} // namespace pgbraid

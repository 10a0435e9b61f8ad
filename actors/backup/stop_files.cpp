// Storing backup_label and tablespace_map.
// SPDX-License-Identifier: MIT
#include "actors/backup/stop_files.hpp"

#include "actors/backup/made_file.hpp"
#include "engine/base/log.hpp"
#include "engine/format/repository_path.hpp"
#include "engine/graph/whole_file.hpp"

namespace pgbraid {

result<void> store_text_file(repository& repo, format::manifest& into,
                             const backup_settings& settings, std::string_view name,
                             std::string_view content, int64_t mtime_s) {
  auto packed = graph::pack_file(copy_rules_of(settings, into.cipher_pass).file, as_bytes(content));
  if (!packed)
    return packed.failure();
  const auto full_name = "pg_data/" + std::string(name);
  const auto path =
      format::data_file_path(repo.stanza(), into.label, full_name, settings.compression);
  if (auto written =
          write_all(repo.files(), path, as_text(packed->stored), {.make_parents = false});
      !written)
    return written;

  auto file = made_file(into, full_name, content.size(), packed->checksum, packed->stored.size(),
                        mtime_s, 0644);
  if (packed->repo_checksum) {
    file.repo_checksum = *packed->repo_checksum;
    file.has_repo_checksum = true;
  }
  into.files.push_back(file);
  into.sort();
  log::detail("wrote '{}' file returned from backup stop function", name);
  return success();
}

} // namespace pgbraid

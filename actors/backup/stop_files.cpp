// Storing backup_label and tablespace_map.
// SPDX-License-Identifier: MIT
#include "actors/backup/stop_files.hpp"

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

  const auto* root = into.find_path("pg_data");
  assert(root); // the walk always adds it
  format::manifest_file file;
  file.name = into.keep(full_name);
  file.size_bytes = file.original_size_bytes = content.size();
  file.checksum = packed->checksum;
  file.has_checksum = true;
  file.repo_size_bytes = packed->stored.size();
  file.has_repo_size = packed->stored.size() != content.size();
  if (packed->repo_checksum) {
    file.repo_checksum = *packed->repo_checksum;
    file.has_repo_checksum = true;
  }
  file.mtime_s = mtime_s;
  file.user = root->user;
  file.group = root->group;
  file.mode = root->mode & 0644;
  into.files.push_back(file);
  into.sort();
  log::detail("wrote '{}' file returned from backup stop function", name);
  return success();
}

} // namespace pgbraid

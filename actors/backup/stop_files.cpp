// Storing backup_label and tablespace_map.
// SPDX-License-Identifier: MIT
#include "actors/backup/stop_files.hpp"

#include "engine/base/log.hpp"
#include "engine/codec/cipher_text.hpp"
#include "engine/codec/digest.hpp"
#include "engine/format/repository_path.hpp"

namespace pgbraid {

namespace {

result<std::vector<std::byte>> stored_form(const format::manifest& of,
                                           const backup_settings& settings, byte_view plain) {
  auto packed = codec::compress_all(settings.compression, settings.compress_level, plain,
                                    {.engine = settings.gz});
  if (!packed || of.cipher_pass.empty())
    return packed;
  return codec::encrypt_all(*packed, of.cipher_pass.view());
}

} // namespace

result<void> store_text_file(repository& repo, format::manifest& into,
                             const backup_settings& settings, std::string_view name,
                             std::string_view content, int64_t mtime_s) {
  const auto plain = as_bytes(content);
  auto stored = stored_form(into, settings, plain);
  if (!stored)
    return stored.failure();
  const auto full_name = "pg_data/" + std::string(name);
  const auto path =
      format::data_file_path(repo.stanza(), into.label, full_name, settings.compression);
  if (auto written = write_all(repo.files(), path, as_text(*stored), {.make_parents = false});
      !written)
    return written;

  const auto* root = into.find_path("pg_data");
  assert(root); // the walk always adds it
  format::manifest_file file;
  file.name = into.keep(full_name);
  file.size_bytes = file.original_size_bytes = plain.size();
  file.checksum = codec::sha1_of(plain);
  file.has_checksum = true;
  file.repo_size_bytes = stored->size();
  file.has_repo_size = stored->size() != plain.size();
  if (settings.compression != compress_type::none || !into.cipher_pass.empty()) {
    file.repo_checksum = codec::sha1_of(*stored);
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

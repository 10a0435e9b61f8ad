// Entries of files that no walk has found.
// SPDX-License-Identifier: MIT
#include "actors/backup/made_file.hpp"

#include <cassert>

namespace pgbraid {

format::manifest_file made_file(format::manifest& in, std::string_view name, uint64_t plain_bytes,
                                const format::sha1_bytes& checksum, uint64_t stored_bytes,
                                int64_t mtime_s, uint16_t mode_mask) {
  const auto* root = in.find_path("pg_data");
  assert(root); // the walk always adds it
  format::manifest_file file;
  file.name = in.keep(name);
  file.size_bytes = plain_bytes;
  file.checksum = checksum;
  file.has_checksum = true;
  file.repo_size_bytes = stored_bytes;
  file.has_repo_size = stored_bytes != plain_bytes;
  file.mtime_s = mtime_s;
  file.user = root->user;
  file.group = root->group;
  file.mode = root->mode & mode_mask;
  return file;
}

} // namespace pgbraid

// From level to level.
// SPDX-License-Identifier: MIT
#include "storage/repository/file_passphrase.hpp"

#include "engine/base/path.hpp"
#include "engine/base/printable.hpp"
#include "engine/format/label.hpp"
#include "engine/format/repository_path.hpp"

#include <utility>

namespace pgbraid {

using format::opened_by;

result<secret> passphrase_of(repository& in, std::string_view path) {
  if (!in.encrypted())
    return secret();
  const auto place = format::place_of(path);
  switch (place.pass) {
  case opened_by::nothing:
    break;
  case opened_by::repository:
    return secret(in.passphrase().view());
  case opened_by::archive: {
    auto info = in.load_archive_info();
    if (!info)
      return info.failure();
    return in.take_wal_pass(*info);
  }
  case opened_by::backups:
  case opened_by::manifest: {
    auto info = in.load_backup_info();
    if (!info)
      return info.failure();
    if (place.pass == opened_by::backups)
      return std::move(info->cipher_pass);
    auto manifest =
        in.load_manifest(place.label, info->cipher_pass, format::kept_files::with_wrong_pages);
    if (!manifest)
      return manifest.failure();
    return std::move(manifest->cipher_pass);
  }
  }
  return error{errc::option_invalid_value,
               "unable to determine cipher passphrase for '" + printable_line(path) + "'"};
}

result<std::string> through_latest(storage& files, std::string path) {
  constexpr std::string_view tree = "backup/";
  const auto stanza_end = path.starts_with(tree) ? path.find('/', tree.size()) : std::string::npos;
  if (stanza_end == std::string::npos)
    return path;
  const auto begin = stanza_end + 1;
  const auto end = std::min(path.find('/', begin), path.size());
  if (std::string_view(path).substr(begin, end - begin) != format::latest_link)
    return path;
  const auto about = files.info(path.substr(0, end));
  if (!about)
    return about.failure();
  if (*about && (*about)->kind == entry_kind::link && format::is_label((*about)->link_destination))
    path.replace(begin, end - begin, (*about)->link_destination);
  return path;
}

} // namespace pgbraid

// Where things lie in a repository, relative to its root.
// SPDX-License-Identifier: MIT
#include "engine/format/repository_path.hpp"

#include <cassert>

namespace pgbraid::format {

namespace {

template <class... Parts> std::string join(std::string_view first, Parts... rest) {
  std::string path(first);
  ((path += '/', path += rest), ...);
  return path;
}

} // namespace

std::string archive_path(std::string_view stanza) {
  return join("archive", stanza);
}

std::string backup_path(std::string_view stanza) {
  return join("backup", stanza);
}

std::string archive_info_path(std::string_view stanza) {
  return join("archive", stanza, archive_info_name);
}

std::string backup_info_path(std::string_view stanza) {
  return join("backup", stanza, backup_info_name);
}

std::string label_path(std::string_view stanza, std::string_view label) {
  return join("backup", stanza, label);
}

std::string manifest_path_of(std::string_view stanza, std::string_view label) {
  return join("backup", stanza, label, manifest_name);
}

std::string wal_directory(std::string_view stanza, std::string_view archive_id,
                          std::string_view segment) {
  assert(segment.size() >= 16);
  return join("archive", stanza, archive_id, segment.substr(0, 16));
}

std::string wal_history_path(std::string_view stanza, std::string_view archive_id,
                             std::string_view name) {
  if (name.ends_with(".history"))
    return join("archive", stanza, archive_id, name);
  return join(wal_directory(stanza, archive_id, name), name);
}

std::string bundle_path(std::string_view stanza, std::string_view label, uint64_t bundle_id) {
  return join("backup", stanza, label, "bundle", std::to_string(bundle_id));
}

std::string data_file_path(std::string_view stanza, std::string_view label, std::string_view name,
                           compress_type type) {
  return join("backup", stanza, label, name) += compress_extension(type);
}

std::string block_file_path(std::string_view stanza, std::string_view label, std::string_view name,
                            uint64_t bundle_id) {
  return bundle_id != 0 ? bundle_path(stanza, label, bundle_id)
                        : join("backup", stanza, label, name) += ".pgbi";
}

std::string stored_file_path(std::string_view stanza, const manifest& of,
                             const manifest_file& file) {
  const auto& label = of.holder(file);
  if (file.in_bundle() || file.is_block_incremental())
    return block_file_path(stanza, label, file.name, file.bundle_id);
  return data_file_path(stanza, label, file.name, of.options.compress_kind);
}

std::string history_year(std::string_view label) {
  assert(is_label(label));
  return std::string(label.substr(0, 4));
}

std::string history_manifest_path(std::string_view stanza, std::string_view label) {
  return join("backup", stanza, history_directory, history_year(label), label) += history_suffix;
}

} // namespace pgbraid::format

// Where things lie in a repository, relative to its root.
// Source of the layout: engine/format/README.md, section 1.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/compress_type.hpp"
#include "engine/base/result.hpp"
#include "engine/format/manifest.hpp"

#include <string>
#include <string_view>

namespace pgbraid::format {

inline constexpr std::string_view archive_info_name = "archive.info";
inline constexpr std::string_view backup_info_name = "backup.info";
inline constexpr std::string_view manifest_name = "backup.manifest";
inline constexpr std::string_view copy_suffix = ".copy";
inline constexpr std::string_view temporary_suffix = ".pgbackrest.tmp";
inline constexpr std::string_view history_directory = "backup.history";
inline constexpr std::string_view history_suffix = ".manifest.gz";
inline constexpr std::string_view latest_link = "latest";

std::string archive_path(std::string_view stanza); ///< `archive/<stanza>`
std::string backup_path(std::string_view stanza);  ///< `backup/<stanza>`
std::string archive_info_path(std::string_view stanza);
std::string backup_info_path(std::string_view stanza);
std::string label_path(std::string_view stanza, std::string_view label);
std::string manifest_path_of(std::string_view stanza, std::string_view label);

/// `archive/<stanza>/<id>/<16 hex>` of a segment (24 hex, more may follow).
std::string wal_directory(std::string_view stanza, std::string_view archive_id,
                          std::string_view segment);
/// Where a WAL file that is no segment lies: `.history` files directly below the archive id,
/// `.backup` files beside their segment.
std::string wal_history_path(std::string_view stanza, std::string_view archive_id,
                             std::string_view name);

/// Where the bytes of a file are: the bundle, the block-incremental file or the plain file of the
/// backup that holds them. Not for files of size 0 in a bundled backup, which are not stored.
std::string stored_file_path(std::string_view stanza, const manifest& of,
                             const manifest_file& file);
std::string bundle_path(std::string_view stanza, std::string_view label, uint64_t bundle_id);
/// Where a backup has blocks of a file: in a bundle, or (0) in a file for them alone.
std::string block_file_path(std::string_view stanza, std::string_view label, std::string_view name,
                            uint64_t bundle_id);
/// A file of this backup that is stored alone.
std::string data_file_path(std::string_view stanza, std::string_view label, std::string_view name,
                           compress_type type);

/// `backup/<stanza>/backup.history/<YYYY>/<label>.manifest.gz`; the year is what the label begins
/// with, so a set stays together.
std::string history_manifest_path(std::string_view stanza, std::string_view label);
std::string history_year(std::string_view label);

} // namespace pgbraid::format

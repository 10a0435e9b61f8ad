// What of a repository belongs to one stanza, and which links there may be.
// Source of the layout: engine/format/README.md, section 1.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string_view>

namespace pgbraid::format {

enum class reach : uint8_t {
  inside,  ///< `archive/<stanza>`, `backup/<stanza>`, and all below them
  above,   ///< leads there: the root, `archive`, `backup`
  outside, ///< another stanza's, or nobody's
};

/// Where a path of a repository lies as one stanza sees it.
/// @param path  relative to the root, without empty, `.` or `..` segments
reach reach_of(std::string_view path, std::string_view stanza);

/// Whether this is one of the two links that a repository has: `latest` in the directory of a
/// stanza's backups (also under its temporary name), which names a backup beside it, and
/// `<label>/pg_data/pg_tblspc/<oid>`, which names the tablespace of the same backup. All others
/// could lead whoever follows them to another stanza.
bool is_repository_link(std::string_view path, std::string_view destination);

/// Whether this is the path of a stanza's archive.info or backup.info, or of its copy: the files
/// that the repository's own passphrase opens.
bool is_info_path(std::string_view path);

} // namespace pgbraid::format

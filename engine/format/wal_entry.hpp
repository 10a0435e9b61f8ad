// The names WAL segments have in an archive directory.
// Source of the rules: engine/format/README.md, section 3.
// Names as PostgreSQL knows them, and arithmetic on them: engine/postgres/wal_name.hpp.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/compress_type.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace pgbraid::format {

/// One segment in an archive directory: `<24 hex>[.partial]-<sha1>[.<ext>]`.
struct wal_entry {
  std::string file_name;
  std::string segment = {}; ///< 24 hex
  bool partial = false;
  std::string checksum = {}; ///< 40 lower-case hex: SHA-1 of the plain segment
  compress_type compress = compress_type::none;
  friend bool operator==(const wal_entry&, const wal_entry&) = default;
};

/// Empty when the name is something else (backup history, temporary file, ...). Names that end in
/// `.xz` match no type we can read and give empty too.
std::optional<wal_entry> parse_wal_entry(std::string_view file_name);

/// The name a segment gets. @param segment  24 hex, or 24 hex and `.partial`
std::string wal_entry_name(std::string_view segment, std::string_view checksum, compress_type type);

} // namespace pgbraid::format

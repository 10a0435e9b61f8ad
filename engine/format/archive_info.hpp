// archive.info: which clusters a stanza's WAL archive belongs to.
// Source of the format: engine/format/README.md, section 6.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/base/secret.hpp"
#include "engine/format/info_file.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgbraid::format {

/// One cluster a stanza has had. `version` is text such as `15` or `9.6`.
struct archive_history {
  uint64_t id = 0;
  uint64_t system_id = 0;
  std::string version = {};
  friend bool operator==(const archive_history&, const archive_history&) = default;
};

/// The content of archive.info.
struct archive_info {
  std::string writer_version{default_writer_version};
  uint64_t current_id = 0;
  std::vector<archive_history> history = {}; ///< oldest first, ids ascending, never empty
  secret cipher_pass = {};                   ///< of everything below the archive ids; empty: none

  const archive_history& current() const;
  /// The entry for a backup or cluster: exact id if it matches, else the newest with this system
  /// id and version; null when there is none.
  const archive_history* find(uint64_t id, uint64_t system_id, std::string_view version) const;
  /// All entries with this system id and version, newest first (archive-get searches them all).
  std::vector<const archive_history*> matching(uint64_t system_id, std::string_view version) const;
  /// Appends a cluster with the next id and makes it the current one.
  void add(uint64_t system_id, std::string_view version);
};

result<archive_info> parse_archive_info(std::string_view text);
std::string render(const archive_info& info);

/// The directory below `archive/<stanza>`: `15-1`.
std::string archive_id(std::string_view version, uint64_t id);
inline std::string archive_id(const archive_history& of) {
  return archive_id(of.version, of.id);
}

/// A parsed archive directory name.
struct archive_id_parts {
  std::string version;
  uint64_t id = 0;
};
/// Empty when `name` is no archive id.
std::optional<archive_id_parts> parse_archive_id(std::string_view name);

} // namespace pgbraid::format

// Where in the file system each part of a backup goes.
// Source of the rules: cli/command/README.md, section 7.4.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/format/manifest.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace pgbraid::plan {

/// What the user wants mapped.
struct map_wish {
  std::string pg_path;
  std::map<std::string, std::string> tablespaces = {}; ///< name or oid to path
  std::string tablespaces_all = {};                    ///< base path; empty: none
  std::map<std::string, std::string> links = {};       ///< name relative to PGDATA to destination
  bool links_all = false;
};

enum class root_kind : uint8_t {
  data,       ///< PGDATA
  tablespace, ///< location of a tablespace; only `PG_<ver>_<catalog>` in it is ours
  link_path,  ///< destination of a link to a directory
  link_file,  ///< directory that holds the destination of a link to a file
};

/// A directory that is restored into. Everything written stays below one of them.
struct restore_root {
  root_kind kind = root_kind::data;
  std::string name; ///< manifest name: `pg_data`, `pg_tblspc/<oid>`, `pg_data/pg_wal`
  std::string path; ///< absolute, normal
  /// What in `path` is ours: the file (link_file), `PG_<ver>_<catalog>` (tablespace); empty: all.
  std::string own = {};
  /// Whether the user named the place; else the backup did.
  bool wished = false;

  /// Absolute path of what is ours.
  std::string claimed() const;
};

/// A symbolic link to make.
struct restore_link {
  std::string name; ///< manifest name: `pg_data/pg_tblspc/16384`
  std::string destination;
  format::owner_index user = format::no_owner;
  format::owner_index group = format::no_owner;
  bool to_file = false;
};

/// A root and a path relative to it.
struct restore_place {
  size_t root = 0;
  std::string path;
};

/// What the user should be told about the mapping.
struct map_note {
  bool warn = false; ///< WARN, else INFO
  std::string text;
};

/// The roots ([0] is PGDATA), the links, and what to say about them.
class restore_mapping {
public:
  const std::vector<restore_root>& roots() const { return roots_; }
  /// Sorted by name, so that a link comes before links inside its destination.
  const std::vector<restore_link>& links() const { return links_; }
  const std::vector<map_note>& notes() const { return notes_; }
  const restore_link* find_link(std::string_view name) const;

  /// Where a file or path of the manifest goes. @param name  of the manifest that was mapped
  restore_place locate(std::string_view name) const;
  /// Where a link itself goes: beside its siblings.
  restore_place locate_link(std::string_view name) const;
  /// Absolute path of a place.
  std::string absolute(const restore_place& of) const;

private:
  friend class mapper;
  std::vector<restore_root> roots_;
  std::vector<restore_link> links_;
  std::vector<map_note> notes_;
};

/// Maps PGDATA, tablespaces and links.
/// Fails with `tablespace_map` (76), `link_map` (78), `link_destination` (70) when places overlap,
/// and with `format` (29) when an entry of the manifest is outside its parents or below a link that
/// is not a target: such a manifest could write anywhere.
result<restore_mapping> map_restore(const format::manifest& of, const map_wish& wish);

} // namespace pgbraid::plan

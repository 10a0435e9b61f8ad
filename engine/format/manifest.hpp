// backup.manifest: what a backup consists of and where each file is stored.
// Source of the format: engine/format/README.md, section 8.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/compress_type.hpp"
#include "engine/base/result.hpp"
#include "engine/base/secret.hpp"
#include "engine/format/backup_info.hpp"
#include "engine/format/entry_list.hpp"
#include "engine/format/info_file.hpp"
#include "engine/format/label.hpp"
#include "engine/format/text_arena.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pgbraid::format {

/// A SHA-1 as 20 raw bytes.
using sha1_bytes = std::array<std::byte, 20>;
/// SHA-1 of nothing: what every file of size 0 has.
extern const sha1_bytes empty_sha1;

/// No entry of a table is meant (`reference`, `page_errors`).
inline constexpr uint32_t none_index = UINT32_MAX;

/// Index in the owner table of a manifest; 0 is "numeric id without a name" (`false`).
using owner_index = uint32_t;
inline constexpr owner_index no_owner = 0;

/// First and last page of a run of pages with wrong checksums.
using page_range = std::pair<uint64_t, uint64_t>;

enum class page_check : uint8_t {
  absent, ///< pages are not to be checked
  valid,  ///< were checked, or are to be checked (in a manifest that is still being made)
  broken, ///< at least one page is wrong, or the file is misaligned (then there is no list)
};

/// What few files have: those stored in blocks, those with bad pages, and those that changed while
/// they were copied.
struct rare_values {
  std::optional<uint64_t> original_size_bytes = {}; ///< at manifest build, if another one
  uint64_t block_map_size_bytes = 0; ///< stored size of the block map; > 0: block incremental
  uint32_t block_size_bytes = 0;     ///< 0: none chosen
  uint32_t page_errors = none_index; ///< index in `page_errors`
  uint8_t block_checksum_bytes = 6;
  friend bool operator==(const rare_values&, const rare_values&) = default;
};
inline constexpr rare_values nothing_rare{};

/// One file. 120 bytes and its name: a cluster may have a million of them.
struct manifest_file {
  std::string_view name; ///< `pg_data/...` or `pg_tblspc/<oid>/...`; lives in the manifest's arena
  sha1_bytes checksum{};
  sha1_bytes repo_checksum{};
  uint64_t size_bytes = 0;
  uint64_t repo_size_bytes = 0; ///< stored size; see `has_repo_size`
  uint64_t bundle_offset_bytes = 0;
  int64_t mtime_s = 0;
  const rare_values* rare = &nothing_rare; ///< never null; given by `manifest::set_rare`
  uint32_t bundle_id = 0;                  ///< 0: stored alone
  uint32_t reference = none_index; ///< index in `references` of the backup that holds the data
  owner_index user = no_owner;
  owner_index group = no_owner;
  uint16_t mode = 0;
  page_check pages = page_check::absent;
  bool has_checksum : 1 = false; ///< implied (true) for size 0
  bool has_repo_checksum : 1 = false;
  bool has_repo_size : 1 = false; ///< false: stored size = size
  bool has_master : 1 = false; ///< obsolete member of versions before 2.38, kept for re-rendering
  bool master : 1 = false;

  bool in_bundle() const { return bundle_id != 0; }
  bool is_block_incremental() const { return rare->block_map_size_bytes != 0; }
  /// At manifest build: it may have grown or shrunk while it was copied.
  uint64_t original_size_bytes() const { return rare->original_size_bytes.value_or(size_bytes); }
  /// What lies in the repository: repo-size, else size.
  uint64_t stored_bytes() const { return has_repo_size ? repo_size_bytes : size_bytes; }
};

struct manifest_path {
  std::string_view name;
  owner_index user = no_owner;
  owner_index group = no_owner;
  uint16_t mode = 0;
};

struct manifest_link {
  std::string_view name;
  std::string_view destination;
  owner_index user = no_owner;
  owner_index group = no_owner;
};

enum class target_type : uint8_t { path, link };

/// Where a part of the cluster lies. `pg_data` is the first one.
struct manifest_target {
  std::string name; ///< `pg_data`, `pg_tblspc/<oid>`, or the manifest name of a link
  target_type type = target_type::path;
  std::string path; ///< of a link: its destination (may be relative); of a file link: the directory
  std::string file = {};      ///< file links: name of the file in `path`
  uint64_t tablespace_id = 0; ///< 0: no tablespace
  std::string tablespace_name = {};

  bool is_tablespace() const { return tablespace_id != 0; }
  bool is_file_link() const { return !file.empty(); }
  friend bool operator==(const manifest_target&, const manifest_target&) = default;
};

struct manifest_database {
  std::string name;
  uint64_t oid = 0;
  uint64_t last_system_oid = 0; ///< obsolete: write 0
  friend bool operator==(const manifest_database&, const manifest_database&) = default;
};

/// `[backup:option]`; those that may be absent (older versions, partial manifests) are optional.
struct manifest_options {
  bool archive_check = false;
  bool archive_copy = false;
  std::optional<bool> backup_standby = {};
  std::optional<uint64_t> buffer_size_bytes = {};
  std::optional<bool> checksum_page = {};
  bool compress = false;
  std::optional<int64_t> compress_level = {};
  std::optional<int64_t> compress_level_network = {};
  compress_type compress_kind = compress_type::none;
  bool has_compress_kind = true; ///< false: not written (before 2.25); `compress_kind` is resolved
  std::optional<bool> delta = {};
  bool hardlink = false;
  bool online = false;
  std::optional<uint64_t> process_max = {};
  friend bool operator==(const manifest_options&, const manifest_options&) = default;
};

/// What entries have that do not say otherwise.
struct manifest_defaults {
  std::optional<owner_index> user = {};
  std::optional<owner_index> group = {};
  std::optional<uint16_t> mode = {}; ///< not for links
  std::optional<bool> master = {};   ///< files only, obsolete
};

/// The content of a manifest. Names are views into its own arena, so it can be moved, not copied;
/// an entry of another manifest is taken over with `adopt`.
///
/// Files, paths and links may be added in any order; `sort()` before rendering or `find`.
class manifest {
public:
  manifest();
  manifest(manifest&&) noexcept = default;
  manifest& operator=(manifest&&) noexcept = default;

  std::string writer_version{default_writer_version};

  // [backup]
  std::string label = {};
  backup_type type = backup_type::full;
  std::optional<std::string> archive_start = {}; ///< absent offline and in partial manifests
  std::optional<std::string> archive_stop = {};
  std::optional<std::string> lsn_start = {};
  std::optional<std::string> lsn_stop = {};
  bool block_incremental = false;
  bool bundle = false;
  bool bundle_raw = false; ///< bundle members have raw containers; constant within a set
  std::optional<std::string> prior = {};
  int64_t copy_start_s = 0;
  int64_t start_s = 0;
  int64_t stop_s = 0;
  /// All labels that files refer to; the last one is this backup. Block maps store indexes in this
  /// list: never reorder, only append.
  std::vector<std::string> references = {};
  bool has_references = true; ///< false: written before 2.42; then made from the files at parse

  // [backup:db], [backup:option], [backup:target], [cipher], [db], [metadata]
  uint64_t history_id = 0;
  uint64_t system_id = 0;
  uint64_t catalog_version = 0;
  uint64_t control_version = 0;
  std::string db_version = {}; ///< `15`, `9.6`
  manifest_options options = {};
  std::vector<manifest_target> targets = {}; ///< sorted by name
  secret cipher_pass = {};                   ///< of the data files; empty: none
  std::vector<manifest_database> databases = {};
  std::map<std::string, std::string> annotations = {};

  // [target:*]
  entry_list<manifest_file> files = {};
  std::vector<manifest_path> paths = {};
  std::vector<manifest_link> links = {};
  manifest_defaults file_defaults = {};
  manifest_defaults path_defaults = {};
  manifest_defaults link_defaults = {};

  /// Lists of wrong pages, by `rare_values::page_errors`.
  std::vector<std::vector<page_range>> page_errors = {};

  /// Keeps a name for as long as the manifest lives.
  std::string_view keep(std::string_view text) { return arena_.keep(text); }
  /// The table of owner names. No value is "numeric id without a name".
  owner_index owner(std::optional<std::string_view> name);
  std::optional<std::string_view> owner_name(owner_index of) const;
  /// Index of a label in `references`, appended if it is not there.
  uint32_t reference(std::string_view label);
  /// The backup that holds the data of a file: its reference, or this backup.
  const std::string& holder(const manifest_file& of) const;
  /// Gives a file rare values, instead of those it has.
  void set_rare(manifest_file& of, const rare_values& values);
  /// Gives a file the size that it was copied with; what it had before stays its original size.
  void set_copied_size(manifest_file& of, uint64_t size_bytes);
  /// Remembers wrong pages (ascending runs) and returns their index.
  uint32_t add_page_errors(std::vector<page_range> ranges);
  /// Copies an entry of another manifest: names, owners and page errors are kept here, and its
  /// reference becomes the backup that physically holds the data.
  manifest_file adopt(const manifest& from, const manifest_file& file, bool as_reference);

  /// Forgets the files, and gives back the memory of their names, too; all else stays.
  void drop_files();

  /// Sorts files, paths, links, targets and databases by name.
  void sort();
  /// Binary search; the manifest is sorted (parsed ones are). Null when there is no such entry.
  const manifest_file* find_file(std::string_view name) const;
  manifest_file* find_file(std::string_view name);
  const manifest_path* find_path(std::string_view name) const;
  const manifest_link* find_link(std::string_view name) const;
  const manifest_target* find_target(std::string_view name) const;
  const manifest_target& data_target() const; ///< `pg_data`

private:
  text_arena arena_;
  entry_list<rare_values> rare_;
  std::vector<std::string> owners_; ///< [0] stands for "no name"
  std::map<std::string, owner_index, std::less<>> owner_of_;
};

/// Parses a manifest of format 5. Entries that are listed twice alike count once, and of two
/// different ones of a file that the end of a backup returns, the later one counts: the peer writes
/// both when PGDATA holds such a file, too, and restores what came later. Errors: see `parse_info`;
/// hostile names (empty, `.` or `..` segments, absolute, control characters, outside `pg_data` and
/// `pg_tblspc/<oid>`) are `format` (29) and named.
result<manifest> parse_manifest(std::string_view text);
/// Renders a sorted manifest; byte-identical for a parsed one.
std::string render(const manifest& of);
/// The same in pieces: the text of a large one is never whole in memory. Fails as `to` does.
result<void> render(const manifest& of, text_taker to);

enum class strictness : uint8_t {
  lenient, ///< before a restore
  strict,  ///< before saving
};
/// Checks that all files have a checksum, empty files that of nothing, and (strict) files with
/// content a stored size. Fails with `format` (29) and names up to ten files.
result<void> validate(const manifest& of, strictness how);

/// The line backup.info gets for a complete backup.
backup_summary summarize(const manifest& of);

} // namespace pgbraid::format

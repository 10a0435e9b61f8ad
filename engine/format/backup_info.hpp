// backup.info: the backups of a stanza and the clusters they come from.
// Source of the format: engine/format/README.md, section 7.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/base/secret.hpp"
#include "engine/format/info_file.hpp"
#include "engine/format/label.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgbraid::format {

/// One cluster a stanza has had. `version` is text such as `15` or `9.6`.
struct backup_history {
  uint64_t id = 0;
  uint64_t catalog_version = 0;
  uint64_t control_version = 0;
  uint64_t system_id = 0;
  std::string version = {};
  friend bool operator==(const backup_history&, const backup_history&) = default;
};

/// The option values backup.info keeps of a backup.
struct backup_summary_options {
  bool archive_check = false;
  bool archive_copy = false;
  bool backup_standby = false;
  bool checksum_page = false;
  bool compress = false;
  bool hardlink = false;
  bool online = false;
  friend bool operator==(const backup_summary_options&, const backup_summary_options&) = default;
};

/// One line of `[backup:current]`: what is known of a backup without its manifest.
struct backup_summary {
  std::string label;
  backup_type type = backup_type::full;
  uint64_t format = repository_format;
  std::string writer_version{default_writer_version};
  std::map<std::string, std::string> annotations = {};
  std::optional<std::string> archive_start = {}; ///< empty: offline
  std::optional<std::string> archive_stop = {};
  std::optional<bool> page_errors = {}; ///< `backup-error`; empty: writer before 2.36
  uint64_t size_bytes = 0;
  uint64_t size_delta_bytes = 0; ///< of the files stored by this backup itself
  uint64_t repo_size_bytes = 0;
  uint64_t repo_size_delta_bytes = 0;
  std::optional<uint64_t> map_size_bytes = {}; ///< only with block incremental, then both
  std::optional<uint64_t> map_size_delta_bytes = {};
  std::optional<std::string> lsn_start = {};
  std::optional<std::string> lsn_stop = {};
  std::optional<std::string> prior = {};   ///< diff and incr
  std::vector<std::string> reference = {}; ///< labels this backup needs, sorted, without itself
  int64_t start_s = 0;
  int64_t stop_s = 0;
  uint64_t history_id = 0;
  backup_summary_options options = {};
  /// Members of other versions: name to JSON text; written back as they were.
  std::map<std::string, std::string> others = {};
  friend bool operator==(const backup_summary&, const backup_summary&) = default;
};

/// The content of backup.info.
struct backup_info {
  std::string writer_version{default_writer_version};
  uint64_t current_id = 0;
  std::vector<backup_history> history = {}; ///< oldest first, ids ascending, never empty
  std::vector<backup_summary> backups = {}; ///< sorted by label
  secret cipher_pass = {};                  ///< of the manifests; empty: none

  const backup_history& current() const;
  const backup_history* history_entry(uint64_t id) const;
  /// Null when there is no such backup.
  const backup_summary* find(std::string_view label) const;
  backup_summary* find(std::string_view label);
  /// Inserts at its place, replacing one of the same label.
  void add(backup_summary summary);
  void remove(std::string_view label);
  /// The backup and all that depend on it (through `prior`), sorted by label.
  std::vector<std::string> with_dependents(std::string_view label) const;
  /// Appends a cluster with the next id and makes it the current one.
  void add_history(uint64_t system_id, std::string_view version, uint64_t catalog_version,
                   uint64_t control_version);
};

result<backup_info> parse_backup_info(std::string_view text);
std::string render(const backup_info& info);

} // namespace pgbraid::format

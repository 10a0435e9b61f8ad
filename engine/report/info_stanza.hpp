// What `info` knows of a stanza in all its repositories.
// Source of codes and messages: cli/command/README.md, section 9.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/error.hpp"
#include "engine/base/secret.hpp"
#include "engine/format/backup_info.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pgbraid::format {
class manifest;
}

namespace pgbraid::report {

enum class info_code : uint8_t {
  ok = 0,
  missing_stanza_path = 1,
  no_valid_backups = 2,
  missing_stanza_data = 3,
  different = 4, ///< of stanzas only, like the next one
  database_mismatch = 5,
  backup_not_found = 6,
  other = 99,
};
/// `ok`, `missing stanza path`, ...
std::string_view info_message(info_code code);

/// WAL of one archive id; nothing when there is none.
struct info_wal {
  std::string archive_id;
  uint64_t history_id = 0;
  std::optional<std::string> min = {};
  std::optional<std::string> max = {};
  int64_t max_stored_s = 0; ///< when that came to the archive, since 1970
};

/// What only the manifest of a backup tells (`--set`).
struct info_detail {
  struct named {
    std::string name;
    uint64_t oid = 0;
    std::string destination = {};
  };
  std::vector<named> databases; ///< without template databases
  std::vector<named> links;
  std::vector<named> tablespaces;
  std::vector<std::string> damaged_files; ///< with page checksum errors, relative to PGDATA
};
info_detail detail_of(const format::manifest& of);

struct info_repository {
  unsigned key = 1;
  cipher_type cipher = cipher_type::none;
  info_code code = info_code::ok;
  std::string message = {};                     ///< for `other`: `[FormatError] text`, hints
  std::optional<format::backup_info> info = {}; ///< its backups are those to show
  std::vector<info_wal> wal = {};               ///< oldest id first
  std::optional<info_detail> detail = {};       ///< of the one backup to show
  bool holds = false;                           ///< the one backup that was asked for is here
};
/// A repository whose data cannot be shown for a reason without a code of its own.
void set_failure(info_repository& of, const error& why);

/// Who holds a lock of a stanza.
struct info_lock {
  struct progress {
    unsigned key = 0;
    uint64_t size_bytes = 0;
    uint64_t complete_bytes = 0;
  };
  bool held = false;
  std::vector<progress> repositories = {}; ///< those whose holder is copying
  uint64_t size_bytes() const;
  uint64_t complete_bytes() const;
};

/// WAL that this host keeps for a repository, or that will never get there.
struct info_journal {
  struct gap {
    std::string first;
    std::string last;
    int64_t since_s = 0; ///< since 1970, like all times here
  };
  struct refusal {
    int64_t since_s = 0;
    int64_t next_s = 0; ///< when it is asked again
    std::string why = {};
  };
  unsigned key = 0;
  uint64_t count = 0; ///< of files that wait
  uint64_t size_bytes = 0;
  std::string oldest = {}; ///< of those
  std::string newest = {};
  int64_t since_s = 0;
  std::vector<std::string> aside = {}; ///< files that the repository cannot take
  std::vector<gap> gaps = {};
  std::optional<refusal> refused = {};
};

/// Where the WAL of a stanza's current cluster ends in a repository.
struct info_archived {
  struct distance {
    std::string newest = {}; ///< the last segment that is known of
    std::optional<uint64_t> segments = {};
    std::optional<uint64_t> bytes = {};
    std::string words = {};
  };
  unsigned key = 0;
  std::string last = {}; ///< empty: there is no segment
  int64_t stored_s = 0;
  int64_t age_s = 0;
  std::optional<distance> lag = {};
};

struct info_stanza {
  std::string name;
  std::vector<info_repository> repositories; ///< in order of their keys
  info_lock backup = {};                     ///< held by backup or expire
  info_lock restore = {};
  std::vector<info_journal> journals = {};  ///< those in which there is something
  std::vector<info_archived> archived = {}; ///< of repositories that could tell

  /// The code of all repositories, `different` or `database_mismatch`.
  info_code code() const;
  /// Whether a repository lacks more WAL than the one file that may be on its way to it at any
  /// time.
  bool any_is_behind() const;
  /// Backups of all repositories by stop time.
  struct listed {
    const info_repository* from;
    const format::backup_summary* backup;
  };
  std::vector<listed> backups() const;
};

enum class info_level : uint8_t { full, progress };

/// One line of JSON without a line feed; members sorted.
std::string info_json(const std::vector<info_stanza>& stanzas, info_level level);
/// For people; ends with a line feed.
/// @param one_backup  `--set`: lists are written out
std::string info_text(const std::vector<info_stanza>& stanzas, info_level level, bool one_backup);

} // namespace pgbraid::report

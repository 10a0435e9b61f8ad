// Which PostgreSQL releases we know, and what differs between them.
// Source of the numbers: engine/format/README.md, section 13.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace pgbraid::postgres {

/// Versions are numbers of the shape of `server_version_num` with the minor part cleared:
/// 90600, 100000, 150000.
using version_number = uint32_t;

/// Where a release keeps the fields of global/pg_control: byte offsets from its start.
/// The system identifier is always at 0, the control version at 8, the catalog version at 12 and
/// the checkpoint location at 32.
struct control_layout {
  uint16_t crc = 0;
  uint16_t timeline = 0;
  uint16_t page_size = 0;
  uint16_t wal_segment_size = 0;
  uint16_t data_checksum = 0;
};

struct release {
  version_number version = 0;
  std::string_view name; ///< as repositories write it: "9.6", "15"
  uint32_t control_version = 0;
  uint32_t catalog_version = 0;
  uint16_t wal_magic = 0;
  control_layout control;
};

/// All known releases, oldest first (9.6 is accepted, 10 to 18 are the supported target).
std::span<const release> known_releases();

/// Null when no such release is known.
const release* find_release(version_number version);
const release* find_release_by_name(std::string_view name);
const release* find_release_by_control(uint32_t control_version, uint32_t catalog_version);
const release* find_release_by_wal_magic(uint16_t magic);

/// 15 of "15", fails with `version_not_supported` for anything we do not know.
result<version_number> parse_version(std::string_view name);
/// "15" of 150000, "9.6" of 90600; also for versions that are not in the table.
std::string version_name(version_number version);
/// Clears the minor part of a `server_version_num`: 150004 becomes 150000, 90624 becomes 90600.
version_number major_version(uint32_t server_version_num);

/// `pg_wal`, or `pg_xlog` before 10.
std::string_view wal_directory(version_number version);
/// `pg_xact`, or `pg_clog` before 10.
std::string_view transaction_directory(version_number version);
/// The only directory a cluster uses below a tablespace location: `PG_15_202209061`.
std::string tablespace_directory(version_number version, uint32_t catalog_version);

} // namespace pgbraid::postgres

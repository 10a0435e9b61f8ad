// Names of WAL files and locations in the WAL (LSN).
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pgbraid::postgres {

/// A location in the WAL, in bytes.
using lsn = uint64_t;

/// Reads `16/B374D848`; fails with `format`.
result<lsn> parse_lsn(std::string_view text);
/// `0/4000028`: upper-case hexadecimal without leading zeros.
std::string format_lsn(lsn location);

/// What initdb chooses where nobody does.
inline constexpr uint32_t usual_segment_bytes = uint32_t{16} << 20;

/// Exactly 24 upper-case hexadecimal digits.
bool is_segment_name(std::string_view name);
/// A segment name, or one with `.partial` after it.
bool is_segment_or_partial_name(std::string_view name);
/// A directory of an archive: the first 16 digits of the names of its segments.
bool is_wal_directory_name(std::string_view name);
/// `00000002.history`.
bool is_history_name(std::string_view name);
/// `000000010000000000000004.00000028.backup`.
bool is_backup_history_name(std::string_view name);

/// Any of these but a directory: what PostgreSQL archives.
bool is_archived_name(std::string_view name);

/// The first 8 digits of any WAL file name as a number. @param name  checked by the caller
uint32_t timeline_of(std::string_view name);

/// The segment that holds `location`.
std::string segment_name(uint32_t timeline, lsn location, uint32_t segment_bytes);
/// Where a segment begins; fails with `format` if `name` is not a segment name.
result<lsn> segment_start(std::string_view name, uint32_t segment_bytes);
/// The segment after `name` on the same timeline. @param name  a valid segment name
std::string next_segment(std::string_view name, uint32_t segment_bytes);
/// The segment before `name`; the same name when it is the first one.
std::string prior_segment(std::string_view name, uint32_t segment_bytes);
/// All segments from the one of `begin` to the one of `end`. An `end` on a segment border belongs
/// to the segment before it. Empty when end < begin or more than `limit` segments would come out.
std::vector<std::string> segments_between(uint32_t timeline, lsn begin, lsn end,
                                          uint32_t segment_bytes, size_t limit = 1 << 20);

} // namespace pgbraid::postgres

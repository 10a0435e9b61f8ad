// Status files of the spool, in which the background process tells what became of a WAL file.
// Source: engine/format/README.md, section 14.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace pgbraid::format {

/// `<WAL file>.ok`: it is archived; or, where WAL is fetched, it is not there.
inline constexpr std::string_view spool_ok_suffix = ".ok";
/// `<WAL file>.error`: it could not be archived or fetched.
inline constexpr std::string_view spool_error_suffix = ".error";
/// What failed before any single file was tried.
inline constexpr std::string_view spool_global_error = "global.error";
/// A longer status file is none.
inline constexpr size_t spool_status_limit_bytes = size_t{64} << 10;

/// `<spool path>/archive/<stanza>`, and `/out` (WAL that is archived) or `/in` (that is fetched).
std::string spool_stanza_path(std::string_view spool_path, std::string_view stanza);
std::string spool_out_path(std::string_view spool_path, std::string_view stanza);
std::string spool_in_path(std::string_view spool_path, std::string_view stanza);

/// What a status file says.
struct spool_status {
  unsigned code = 0;        ///< 0: all went well; else the exit status of who failed, up to 255
  std::string message = {}; ///< a warning, or the error with its hints; may have several lines
};

/// Reads a status file; one that ends with `.ok` may be empty.
/// Fails with `format` (29) for anything that no writer of these files makes.
/// @param name  of the file, for messages
result<spool_status> parse_spool_status(std::string_view name, std::string_view text);

/// The content of a status file: nothing at all when there is nothing to say, and never more than a
/// reader takes.
std::string render(const spool_status& status);

/// What failed, as a status.
spool_status status_of(const error& what);

} // namespace pgbraid::format

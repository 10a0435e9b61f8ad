// Verifying the WAL of one archive id.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/run/graph_compiler.hpp"
#include "engine/base/result.hpp"
#include "engine/base/secret.hpp"
#include "engine/plan/wal_ranges.hpp"
#include "engine/postgres/wal_name.hpp"
#include "engine/report/verified_stanza.hpp"
#include "storage/repository/repository.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pgbraid::verify {

/// What is known of an archive id once its WAL was read.
struct read_archive {
  report::verified_archive found = {};
  uint32_t segment_bytes = postgres::usual_segment_bytes; ///< as the first sound one says
  /// Segments that are there once, as they should be or not.
  std::vector<plan::wal_range> ranges = {};
  std::vector<std::string> damaged = {}; ///< of those, sorted
};

using read_archives = std::map<std::string, read_archive>; ///< by their ids

/// Where WAL is, and what is needed to read it. All must outlive the reading.
struct wal_source {
  repository& in;
  bool here = true;   ///< its files are open in this process
  const secret& pass; ///< of WAL
  const actors::graph_compiler& compile;
};

/// @param only  nothing but the segments from the first to the last one; none: all
result<read_archive> verify_archive(const wal_source& from, const std::string& id,
                                    const std::optional<plan::wal_range>& only);

} // namespace pgbraid::verify

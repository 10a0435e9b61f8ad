// How far the repositories are behind: for `info` and `check`.
// Source: cli/command/README.md, section 9.1.
// SPDX-License-Identifier: MIT
#pragma once

#include "cli/open/repositories.hpp"
#include "engine/config/options.hpp"
#include "engine/report/info_stanza.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace pgbraid::cli {

/// WAL of a cluster, as its data directory tells, whether a server runs there or not.
struct cluster_wal {
  uint64_t system_id = 0;
  uint32_t segment_bytes = 0;
  std::string newest = {}; ///< segment that was completed; empty: it does not tell
};

/// The one whose data directory lies on this host; empty when there is none that may be read, which
/// is usual on a host with repositories alone.
std::optional<cluster_wal> wal_of_cluster_here(const config::options& opts,
                                               const std::string& stanza);

/// Of those repositories that told where their WAL ends. Only those of one cluster are compared.
std::vector<report::info_archived> archived_wal_of(const report::info_stanza& stanza,
                                                   const std::optional<cluster_wal>& here,
                                                   int64_t now_s);

/// A line of the log for each repository, a warning for one that is behind.
/// @param newest  segment that each of them should have; empty: what one of them has
void tell_archived_wal(const std::vector<repository*>& all, const std::optional<cluster_wal>& here,
                       const std::string& newest);

} // namespace pgbraid::cli

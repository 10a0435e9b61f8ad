// What the archiver of a server did so far.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/pg/pg_session.hpp"

#include <cstdint>
#include <string>

namespace pgbraid::pg {

struct pg_archiver {
  uint64_t archived = 0; ///< segments
  uint64_t failed = 0;   ///< tries
  std::string last_failed_segment = {};
  std::string last_failed_at = {}; ///< as the server writes it
  bool failing = false;            ///< nothing was archived since the last failure
};

/// Asks for it over a session of `connect_libpq`. Fails with `feature_not_supported` when another
/// host holds the session.
result<pg_archiver> ask_archiver(pg_session& over);

} // namespace pgbraid::pg

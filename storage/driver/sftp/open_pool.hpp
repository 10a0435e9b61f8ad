// Logging in for a pool: how many sessions, how much under way.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/driver/sftp/session_pool.hpp"
#include "storage/driver/sftp/ssh_session.hpp"

namespace pgbraid::sftp {

/// Who will use a pool, and how.
struct pool_use {
  size_t workers = 1; ///< at the same time
  /// Whole clusters: all the sessions that make sense are made at once.
  bool moves_much = false;
  /// What the files may hold that a worker completes; only for the line about memory.
  uint64_t settling_bytes = 0;
};

/// Logs in, and finds out how far the server is. Further sessions follow when they are needed.
/// Fails as `log_in` does.
result<std::shared_ptr<session_pool>> open_pool(const login& to, const pool_use& with);

/// What makes two logins the same: they may share a pool.
std::string pool_name(const login& to);

} // namespace pgbraid::sftp

// What PostgreSQL's archiver says, asked again and again while a segment is waited for.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/pg/pg_archiver.hpp"
#include "engine/pg/pg_session.hpp"
#include "storage/cluster/open_cluster.hpp"

#include <memory>
#include <optional>
#include <string>

namespace pgbraid {

/// Compares with how it was at the start. Knows nothing of clusters on other hosts.
class archiver_watch {
public:
  /// WARN where archiving fails already.
  explicit archiver_watch(const open_cluster& primary);

  /// Fails with `archive_timeout` (82) when archiving was tried twice since then, in vain.
  result<void> look() const;

private:
  std::string command_; ///< archive_command, or the library in its place
  std::unique_ptr<pg::pg_session> session_ = {};
  std::optional<pg::pg_archiver> began_ = {};
};

} // namespace pgbraid

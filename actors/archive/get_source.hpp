// Where in a repository a WAL file lies.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/compress_type.hpp"
#include "engine/base/result.hpp"
#include "engine/base/secret.hpp"
#include "engine/postgres/control_file.hpp"
#include "storage/repository/open_repository.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace pgbraid {

/// A repository that was opened for WAL of a cluster. May be used by several threads.
struct wal_repository {
  open_repository repo;
  secret pass = {};                          ///< of WAL; empty: not encrypted
  std::vector<std::string> archive_ids = {}; ///< of the cluster, the newest first
};

/// One place where the file lies.
struct found_wal {
  std::string archive_id;
  std::string path;
  std::string checksum = {}; ///< of the plain content; empty for history files
  compress_type compress = compress_type::none;
};

/// A repository that was asked, and where in it the file lies.
struct get_source {
  std::shared_ptr<wal_repository> from;
  std::vector<found_wal> found = {};
};

/// Who asks one repository for a file.
struct wal_asker {
  unsigned key = 1; ///< N of repoN
  /// Owns what it uses; may be called in any thread.
  std::function<result<get_source>(const std::string& name)> ask;
  /// After a broken connection the next one makes a new one.
  std::function<void()> reconnect = [] {};
};

/// Opens the repository anew each time.
wal_asker ask_anew(const repository_door& door, const postgres::control_file& control);
/// Opens it once, for many files. What fails is opened anew for the next one.
wal_asker ask_kept(const repository_door& door, const postgres::control_file& control);

} // namespace pgbraid

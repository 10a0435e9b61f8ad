// A WAL file of a cluster.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace pgbraid {

struct wal_location {
  std::string directory; ///< absolute
  std::string name;      ///< as PostgreSQL and the archive have it
  std::string file = {}; ///< where it lies in the storage it is read from; empty: `name`

  std::string path() const { return directory + "/" + name; }
  const std::string& source() const { return file.empty() ? name : file; }
};

} // namespace pgbraid

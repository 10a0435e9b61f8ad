// A WAL file of a cluster.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace pgbraid {

struct wal_location {
  std::string directory; ///< absolute
  std::string name;

  std::string path() const { return directory + "/" + name; }
};

} // namespace pgbraid

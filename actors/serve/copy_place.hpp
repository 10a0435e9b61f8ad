// Where a file of a copy lies on the host that serves it.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/serve/served_roots.hpp"

namespace pgbraid::serve {

/// Finds a file by the link of the cluster that leads to it and its path behind that. The link is
/// read here, because each host of a cluster may have its tablespaces elsewhere. What may be
/// reached is for `roots` to say.
/// @param pg_path  PGDATA of this host
/// @param through  path of the link in PGDATA; empty: the file is in PGDATA itself
/// @param path     behind the link; empty: the link leads to the file
result<served_roots::place> find_copied(served_roots& roots, std::string_view pg_path,
                                        std::string_view through, std::string_view path);

} // namespace pgbraid::serve

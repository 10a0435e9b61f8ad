// A repository, and a path in it that the user named.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/config/options.hpp"
#include "storage/repository/open_repository.hpp"

#include <string>

namespace pgbraid::cli {

struct named_file {
  open_repository repo;
  std::string path; ///< relative to its root
};

enum class named_reach : unsigned char {
  all,           ///< of the whole repository, where it is on this host
  of_its_stanza, ///< of the stanza that the path names, if it names one
};

/// Opens the repository that `--repo` chose, or the first one. `latest` in the path is what it
/// names. Fails with `param_invalid` (96) for a path that leads elsewhere.
/// @param typed  as `format::typed_path` takes it
result<named_file> find_named(const config::options& opts, const std::string& typed,
                              named_reach reach);

} // namespace pgbraid::cli

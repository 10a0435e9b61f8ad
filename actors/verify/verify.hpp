// Whether a repository still holds what it says it holds.
// Source of the rules: cli/command/README.md, section 13.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/run/graph_compiler.hpp"
#include "engine/base/result.hpp"
#include "engine/report/verified_stanza.hpp"
#include "storage/repository/repository.hpp"

#include <optional>
#include <string>

namespace pgbraid::verify {

struct verify_wish {
  std::optional<std::string> set = {}; ///< one backup, and what it is made of; none: everything
  bool repository_here = true;         ///< its files are open in this process
};

/// Reads all WAL and all files of all backups, each stored file once, and compares them with their
/// checksums. What is damaged or missing is told in the log, file by file, and counted in what
/// comes back: it is no failure. Fails where that cannot be found out: the repository does not
/// answer, or the passphrase is wrong (`crypto`, 95). Changes nothing.
result<report::verified_stanza> verify_stanza(repository& repo, const verify_wish& wish,
                                              const actors::graph_compiler& compile);

} // namespace pgbraid::verify

// Verifying the files of backups.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/run/graph_compiler.hpp"
#include "actors/verify/read_back.hpp"
#include "engine/base/result.hpp"
#include "engine/format/manifest.hpp"
#include "engine/report/verified_stanza.hpp"
#include "storage/repository/repository.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace pgbraid::verify {

/// Reads each stored file once: what a backup refers to is known from the one that holds it, where
/// that was verified before. Of the files of one set it keeps eight bytes each.
class backup_files {
public:
  /// @param here  the files of the repository are open in this process
  backup_files(repository& repo, bool here, const actors::graph_compiler& compile)
      : repo_(repo), here_(here), compile_(compile) {}

  /// Backups come in ascending order of their labels. What is wrong is told in the log.
  result<report::verified_files> verify(const format::manifest& of);

private:
  using file_list = std::vector<const format::manifest_file*>;
  /// What is known of the files that a backup holds, by `key_of`.
  struct holder {
    std::optional<bool> bundled; ///< none: it was not verified itself
    std::vector<uint64_t> sound; ///< sorted
    std::map<uint64_t, stored_state> damaged;
  };

  /// Counts what is known, and returns what has to be read.
  file_list count_known(const format::manifest& of, report::verified_files& to) const;
  result<void> read(const format::manifest& of, const file_list& files, bool unpack,
                    report::verified_files& to);
  void take(const format::manifest& of, const format::manifest_file& file, const read_back& done,
            report::verified_files& to);

  repository& repo_;
  const bool here_;
  const actors::graph_compiler& compile_;
  std::string full_; ///< of the set that `holders_` is about
  std::map<std::string, holder, std::less<>> holders_;
};

} // namespace pgbraid::verify

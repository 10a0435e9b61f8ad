// Whether WAL of running clusters reaches every repository.
// Source: cli/command/README.md, section 3.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/failures.hpp"
#include "engine/base/result.hpp"
#include "engine/plan/archive_settings.hpp"
#include "storage/cluster/cluster.hpp"
#include "storage/repository/repository.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace pgbraid {

struct check_request {
  bool archive_check = true;
  bool archive_mode_check = true;
  std::chrono::milliseconds archive_timeout{60'000}; ///< for each repository
  bool wants_standby = false;                        ///< backups are to read from one
  /// What is configured here may be one standby and repositories of other hosts: then what could be
  /// checked was, although there is no primary.
  bool standby_is_enough = false;
  std::string no_database_hint = {};
};

struct checked_repository {
  repository* repo = nullptr;
  /// Backups run on this host. Elsewhere it is that host's own check that sees whether a backup
  /// could be written.
  bool here = true;
  /// Others may be behind, which is a warning.
  bool required = true;
};

/// What is checked, and who knows more of it than a work can.
struct check_ends {
  std::vector<std::shared_ptr<cluster>> clusters;
  /// Opens the repositories that can be reached, and notes why others cannot.
  std::function<std::vector<checked_repository>(joined_failures& found)> open;
  /// Notes what is wrong with the words of an archive_command, or with the settings of the archive
  /// module, and says in WARNs what is doubtful.
  std::function<void(const cluster& of, const plan::archive_settings& archiving,
                     joined_failures& found)>
      compare_archiving;
};

/// Goes on after every fault and adds it to `found`. Returns the segment that reached every
/// required repository; empty when none was sent. Fails where nothing can be checked at all.
result<std::string> check_stanza(const check_request& wanted, const check_ends& between,
                                 joined_failures& found);

} // namespace pgbraid

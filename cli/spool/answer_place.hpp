// The directory of the spool, made ready for the answers of a background process.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "storage/spool/spool_directory.hpp"

#include <string>

namespace pgbraid::cli {

/// Where there is no room for an answer, the command can do its work without one.
class answer_place {
public:
  /// Makes the directory where it is missing. Fails as `spool_directory::make`.
  result<spool::spool_directory> make(const std::string& path);
  /// Removes what an earlier process could not do, for this file and for all. Fails with
  /// `file_write` where nothing can be written, and as `spool_directory::remove`.
  result<void> clear(const spool::spool_directory& spool, const std::string& wal);

  /// What failed last did so because there is no room.
  bool has_no_room() const { return no_room_; }

private:
  bool no_room_ = false;
};

} // namespace pgbraid::cli

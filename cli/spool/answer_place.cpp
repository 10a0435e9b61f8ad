// The directory of the spool, made ready for the answers of a background process.
// SPDX-License-Identifier: MIT
#include "cli/spool/answer_place.hpp"

#include "engine/format/spool_status.hpp"

#include <fmt/format.h>

namespace pgbraid::cli {

result<spool::spool_directory> answer_place::make(const std::string& path) {
  auto made = spool::spool_directory::make(path);
  no_room_ = !made && made.failure().code == errc::file_write;
  return made;
}

result<void> answer_place::clear(const spool::spool_directory& spool, const std::string& wal) {
  auto room = spool.has_room();
  if (!room)
    return room.failure();
  no_room_ = !*room;
  if (no_room_)
    return error{errc::file_write, fmt::format("there is no room in '{}'", spool.path())};
  if (auto removed = spool.remove(wal + std::string(format::spool_error_suffix)); !removed)
    return removed;
  return spool.remove(format::spool_global_error);
}

} // namespace pgbraid::cli

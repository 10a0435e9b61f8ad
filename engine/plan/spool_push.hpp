// What a background push does: which WAL files, in which order, how many of them.
// Source: cli/command/README.md, section 4.2.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pgbraid::plan {

/// The WAL file that a name in pg_wal/archive_status (`<WAL file>.ready`) says PostgreSQL waits
/// for; empty for every other name.
std::string_view waiting_wal(std::string_view status_name);

/// A file in the part of the spool that is for pushed WAL.
struct spooled_answer {
  std::string name;
  /// It says that a WAL file is archived, but that file was written after it: it speaks of another
  /// one of the same name.
  bool outdated = false;
};

struct push_plan {
  /// WAL files to be archived, in the order in which PostgreSQL will ask for them.
  std::vector<std::string> due;
  /// Files of the spool that mean nothing, or nothing any more.
  std::vector<std::string> remove;
};

/// @param status_names  of pg_wal/archive_status
push_plan plan_push(std::span<const std::string> status_names,
                    std::span<const spooled_answer> answers);

/// How many of the files that are due one batch takes: at least one.
/// @param each_bytes  of a segment; 0 where it is not known
size_t batch_files(size_t due, uint64_t batch_bytes, uint64_t each_bytes);

/// How many of a batch are worked on at the same time: as many as there are, within `process_max`
/// and what memory holds of them.
/// @param each_bytes  of a segment, which is held in memory while it is pushed
size_t batch_workers(size_t files, size_t process_max, uint64_t each_bytes);

} // namespace pgbraid::plan

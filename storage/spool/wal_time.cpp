// What the WAL directory of a cluster says about answers in the spool.
// SPDX-License-Identifier: MIT
#include "storage/spool/wal_time.hpp"

#include "engine/base/path.hpp"

#include <sys/stat.h>

namespace pgbraid::spool {

std::optional<int64_t> wal_written_ns(const std::string& wal_directory, std::string_view name) {
  struct stat about = {};
  if (::stat(join_path(wal_directory, name).c_str(), &about) != 0)
    return std::nullopt;
  return int64_t{about.st_mtim.tv_sec} * 1'000'000'000 + about.st_mtim.tv_nsec;
}

bool is_older_than_wal(int64_t answered_ns, const std::string& wal_directory,
                       std::string_view name) {
  const auto written_ns = wal_written_ns(wal_directory, name);
  return written_ns && answered_ns < *written_ns;
}

bool is_waiting(const std::string& wal_directory, std::string_view name) {
  struct stat about = {};
  const auto path = join_path(wal_directory, "archive_status/" + std::string(name) + ".ready");
  return ::stat(path.c_str(), &about) == 0;
}

} // namespace pgbraid::spool

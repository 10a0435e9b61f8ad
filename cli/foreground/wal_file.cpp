// Paths of WAL files.
// SPDX-License-Identifier: MIT
#include "cli/foreground/wal_file.hpp"

#include "engine/postgres/wal_name.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>

namespace pgbraid::cli {

namespace fs = std::filesystem;

result<wal_location> locate_wal(const config::options& opts, std::string_view path) {
  fs::path whole(path);
  if (whole.is_relative()) {
    const auto position = opts.pg_default();
    if (opts.pg_count() == 0 || !opts.has_value("pg-path", position)) {
      return error{errc::option_required,
                   "option 'pg1-path' must be specified when relative wal paths are used",
                   "Is %f passed to archive_command instead of %p?\n"
                   "PostgreSQL may pass relative paths even with %p depending on the environment."};
    }
    std::error_code failed;
    const auto here = fs::current_path(failed);
    if (failed || !fs::equivalent(here, opts.text("pg-path", position), failed)) {
      return error{errc::option_invalid_value,
                   fmt::format("PostgreSQL working directory '{}' is not the same as option "
                               "pg{}-path '{}'",
                               here.string(), opts.pg_key(position),
                               opts.text("pg-path", position)),
                   "Is the PostgreSQL data_directory configured the same as the pg-path option?"};
    }
    whole = here / whole;
  }
  wal_location found{.directory = whole.parent_path().string(), .name = whole.filename().string()};
  if (found.name.empty() || found.name == "." || found.name == "..") {
    return error{errc::param_invalid, fmt::format("'{}' is not the path of a file", path)};
  }
  return found;
}

result<void> check_wal_name(const wal_location& wal) {
  if (postgres::is_archived_name(wal.name))
    return success();
  const auto path = wal.directory + "/" + wal.name;
  std::error_code failed;
  if (!fs::exists(path, failed))
    return error{errc::file_missing,
                 fmt::format("unable to open missing file '{}' for read", path)};
  return error{errc::param_invalid, fmt::format("'{}' is not the name of a WAL file", wal.name)};
}

} // namespace pgbraid::cli

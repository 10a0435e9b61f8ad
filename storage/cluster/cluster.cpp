// What follows from the few things that kinds of clusters differ in.
// SPDX-License-Identifier: MIT
#include "storage/cluster/cluster.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>

namespace pgbraid {

std::string cluster::name() const {
  return fmt::format("pg{}", key_);
}

storage_opener cluster::opener() {
  return [this](const std::string& path) { return open(path); };
}

result<postgres::control_file> cluster::control_fields() {
  auto loaded = control();
  if (!loaded)
    return loaded.failure();
  return loaded->fields;
}

result<bool> cluster::has_postmaster_pid() {
  auto pgdata = open(path_);
  if (!pgdata)
    return pgdata.failure();
  auto found = (*pgdata)->info("postmaster.pid");
  if (!found)
    return found.failure();
  return found->has_value();
}

bool cluster::is_at(const std::string& data_directory) const {
  if (data_directory == path_)
    return true;
  std::error_code ignored;
  return is_here() && std::filesystem::equivalent(data_directory, path_, ignored);
}

} // namespace pgbraid

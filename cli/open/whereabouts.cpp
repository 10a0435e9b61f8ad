// What lies where, as the options say.
// SPDX-License-Identifier: MIT
#include "cli/open/whereabouts.hpp"

#include "cli/open/host_keys.hpp"

#include <fmt/format.h>

#include <numeric>

namespace pgbraid::cli {

using config::option_group;

bool repo_is_remote(const config::options& opts, size_t position) {
  return opts.has_value(keys_of(option_group::repo).host, position);
}

bool pg_is_remote(const config::options& opts, size_t position) {
  return opts.has_value(keys_of(option_group::pg).host, position);
}

bool is_repository_here(const config::options& opts, size_t position) {
  const auto& type = opts.text("repo-type", position);
  return !repo_is_remote(opts, position) && (type == "posix" || type == "cifs");
}

std::vector<size_t> repository_positions(const config::options& opts) {
  if (opts.repo_chosen())
    return {opts.repo_default()};
  std::vector<size_t> all(opts.repo_count());
  std::iota(all.begin(), all.end(), size_t{0});
  return all;
}

result<void> require_pg_host(const config::options& opts) {
  if (opts.pg_count() == 0 || !pg_is_remote(opts, opts.pg_default()))
    return success();
  return error{errc::host_invalid,
               fmt::format("{} command must be run on the PostgreSQL host", opts.command_name())};
}

} // namespace pgbraid::cli

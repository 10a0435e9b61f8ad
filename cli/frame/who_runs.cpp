// Whether this user should run this command.
// SPDX-License-Identifier: MIT
#include "cli/frame/who_runs.hpp"

#include "engine/base/access_hint.hpp"
#include "engine/config/load.hpp"

#include <unistd.h>

#include <string>

namespace pgbraid::cli {

namespace {

/// The user whom the cluster, or else the repository, belongs to.
std::string usual_user(const config::options& opts) {
  constexpr auto fallback = "postgres";
  const auto owner = [](const std::string& path) {
    const auto found = owner_of(path);
    return found == "root" ? std::string() : found;
  };
  if (opts.valid("pg-path") && opts.pg_count() > 0 && opts.has_value("pg-path") &&
      !opts.has_value("pg-host"))
    if (auto found = owner(opts.text("pg-path")); !found.empty())
      return found;
  if (opts.valid("repo-path") && opts.repo_count() > 0 && opts.has_value("repo-path") &&
      !opts.has_value("repo-host"))
    if (auto found = owner(opts.text("repo-path")); !found.empty())
      return found;
  return fallback;
}

} // namespace

result<void> check_user(const config::options& opts) {
  auto allowed = config::check_root(opts, ::geteuid());
  if (allowed)
    return allowed;
  auto refused = allowed.failure();
  refused.hint =
      "files that root makes are out of reach for the user that archives and backs up.\n" +
      type_as(usual_user(opts)) + "\n" + refused.hint;
  return refused;
}

} // namespace pgbraid::cli

// Whom to believe, what to lock, and whether somebody said stop.
// SPDX-License-Identifier: MIT
#include "cli/open/locks.hpp"

#include "cli/open/lock_names.hpp"
#include "cli/open/whereabouts.hpp"
#include "engine/format/lock_content.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <utility>

namespace pgbraid::cli {

namespace {

std::string stanza_of(const config::options& opts) {
  return opts.has_value("stanza") ? opts.text("stanza") : std::string();
}

} // namespace

std::vector<uid_t> trusted_owners(const config::options& opts) {
  if (::geteuid() != 0)
    return {};
  std::vector<uid_t> owners;
  const auto add = [&](const std::string& path) {
    struct stat found = {};
    if (::stat(path.c_str(), &found) == 0)
      owners.push_back(found.st_uid);
  };
  for (size_t i = 0; opts.valid("repo-path") && i < opts.repo_count(); ++i)
    if (is_repository_here(opts, i))
      add(opts.text("repo-path", i));
  for (size_t i = 0; opts.valid("pg-path") && i < opts.pg_count(); ++i)
    if (!pg_is_remote(opts, i) && opts.has_value("pg-path", i))
      add(opts.text("pg-path", i));
  return owners;
}

std::string lock_text(const config::options& opts) {
  return format::render(
      format::lock_content{.exec_id = opts.exec_id(), .pid = static_cast<uint64_t>(::getpid())});
}

io::lock_request lock_request_of(const config::options& opts, std::string_view type) {
  io::lock_request request{.lock_path = opts.text("lock-path"),
                           .stanza = stanza_of(opts),
                           .type = std::string(type),
                           .repo_keys = {},
                           .exec_id = opts.exec_id(),
                           .content = lock_text(opts),
                           .also_trusted = trusted_owners(opts)};
  for (const auto position : repository_positions(opts))
    request.repo_keys.push_back(opts.repo_key(position));
  return request;
}

result<io::lock_set> lock_command(const config::options& opts) {
  io::lock_set all;
  for (const auto type : lock_types(config::row_of(opts.command()).lock)) {
    auto taken = io::lock_set::acquire(lock_request_of(opts, type));
    if (!taken)
      return taken.failure();
    all.add(std::move(*taken));
  }
  return all;
}

result<void> check_stop_file(const config::options& opts) {
  return io::check_stop_files(opts.text("lock-path"), stanza_of(opts), trusted_owners(opts));
}

} // namespace pgbraid::cli

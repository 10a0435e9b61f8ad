// The other hosts of a command.
// SPDX-License-Identifier: MIT
#include "cli/remote/hosts.hpp"

#include "cli/remote/connect_host.hpp"
#include "cli/remote/host_keys.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

namespace pgbraid::cli {

namespace {

using config::option_group;

/// More do not help: each has a cipher thread of its own at both ends.
constexpr unsigned links_limit = 8;

struct host_map {
  std::mutex mutex;
  /// By group and key, which stay the same when one command follows another.
  std::map<std::pair<option_group, unsigned>, std::shared_ptr<remote::remote_host>> known;
};

host_map& all_hosts() {
  static host_map one;
  return one;
}

bool is_remote(const config::options& opts, option_group which, size_t position) {
  return opts.has_value(keys_of(which).host, position);
}

/// Besides the main one, which takes its part.
unsigned links_for(const config::options& opts) {
  const auto wanted = opts.has_value("process-max")
                          ? static_cast<unsigned>(opts.integer("process-max"))
                          : std::thread::hardware_concurrency();
  return std::clamp(wanted, 1U, links_limit) - 1;
}

result<std::shared_ptr<remote::remote_host>> host_of(const config::options& opts,
                                                     option_group which, size_t position) {
  auto& hosts = all_hosts();
  const std::lock_guard lock(hosts.mutex);
  const auto key = which == option_group::pg ? opts.pg_key(position) : opts.repo_key(position);
  auto& known = hosts.known[{which, key}];
  if (known)
    return known;
  auto connected =
      remote::remote_host::connect(opts.text(keys_of(which).host, position), links_for(opts),
                                   [opts, which, position](unsigned process) {
                                     return connect_host(opts, which, position, process);
                                   });
  if (!connected)
    return connected.failure();
  known = *connected;
  return known;
}

} // namespace

uint32_t workers_per_link(const config::options& opts) {
  const unsigned links = links_for(opts) + 1;
  const auto workers = opts.has_value("process-max")
                           ? static_cast<unsigned>(opts.integer("process-max"))
                           : std::thread::hardware_concurrency();
  return std::max(1U, (workers + links - 1) / links);
}

bool repo_is_remote(const config::options& opts, size_t position) {
  return is_remote(opts, option_group::repo, position);
}

bool pg_is_remote(const config::options& opts, size_t position) {
  return is_remote(opts, option_group::pg, position);
}

result<std::shared_ptr<remote::remote_host>> host_of_repo(const config::options& opts,
                                                          size_t position) {
  return host_of(opts, option_group::repo, position);
}

result<std::shared_ptr<remote::remote_host>> host_of_pg(const config::options& opts,
                                                        size_t position) {
  return host_of(opts, option_group::pg, position);
}

void leave_hosts() {
  auto& hosts = all_hosts();
  const std::lock_guard lock(hosts.mutex);
  hosts.known.clear();
}

} // namespace pgbraid::cli

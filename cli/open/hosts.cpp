// The other hosts of a command.
// SPDX-License-Identifier: MIT
#include "cli/open/hosts.hpp"

#include "cli/open/connect_host.hpp"
#include "cli/open/host_keys.hpp"
#include "cli/open/lock_names.hpp"
#include "cli/open/workers.hpp"
#include "engine/base/clock.hpp"
#include "storage/wire/protocol.hpp"

#include <chrono>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

namespace pgbraid::cli {

namespace {

using config::option_group;

/// How long the end of a command waits for hosts that are slow to let locks go: in all, and for
/// one.
constexpr std::chrono::seconds leave_limit(5);
constexpr std::chrono::milliseconds leave_step_limit(2000);

/// Held while it is connected, so that others who want this host wait, and nobody else.
struct host_place {
  std::mutex mutex = {};
  std::shared_ptr<link::remote_host> host = {};
  bool locks = false; ///< it holds locks for us
};

struct host_map {
  std::mutex mutex;
  /// By group and key, which stay the same when one command follows another.
  std::map<std::pair<option_group, unsigned>, std::shared_ptr<host_place>> known;
};

host_map& all_hosts() {
  static host_map one;
  return one;
}

std::vector<std::shared_ptr<host_place>> all_places() {
  auto& hosts = all_hosts();
  const std::lock_guard lock(hosts.mutex);
  std::vector<std::shared_ptr<host_place>> out;
  for (const auto& [key, place] : hosts.known)
    out.push_back(place);
  return out;
}

std::shared_ptr<host_place> place_of(option_group which, unsigned key) {
  auto& hosts = all_hosts();
  const std::lock_guard lock(hosts.mutex);
  auto& known = hosts.known[{which, key}];
  if (!known)
    known = std::make_shared<host_place>();
  return known;
}

result<std::shared_ptr<link::remote_host>> host_of(const config::options& opts, option_group which,
                                                   size_t position) {
  const auto place =
      place_of(which, which == option_group::pg ? opts.pg_key(position) : opts.repo_key(position));
  const std::lock_guard lock(place->mutex);
  auto& known = place->host;
  if (known)
    return known;
  auto connected = link::remote_host::connect(opts.text(keys_of(which).host, position),
                                              workers_of(opts).further_links,
                                              [opts, which, position](unsigned process) {
                                                return connect_host(opts, which, position, process);
                                              });
  if (!connected)
    return connected.failure();
  known = *connected;
  place->locks = !remote_lock_names(opts).empty();
  return known;
}

} // namespace

result<std::shared_ptr<link::remote_host>> host_of_repo(const config::options& opts,
                                                        size_t position) {
  return host_of(opts, option_group::repo, position);
}

result<std::shared_ptr<link::remote_host>> host_of_pg(const config::options& opts,
                                                      size_t position) {
  return host_of(opts, option_group::pg, position);
}

void forget_broken_repo_host(const config::options& opts, size_t position) {
  const auto place = place_of(option_group::repo, opts.repo_key(position));
  const std::lock_guard lock(place->mutex);
  if (place->host && place->host->main()->failure())
    place->host.reset();
}

void leave_hosts() {
  const auto until = monotonic::now() + leave_limit;
  for (const auto& place : all_places()) {
    // One that is being connected belongs to a thread that the process leaves behind.
    const std::unique_lock free(place->mutex, std::try_to_lock);
    if (!free || !place->host)
      continue;
    if (place->locks && monotonic::now() < until)
      place->host->leave(wire::path::leave, leave_step_limit);
    place->host.reset();
  }
}

} // namespace pgbraid::cli

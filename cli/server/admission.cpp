// What the serving side of a command lets another host do.
// SPDX-License-Identifier: MIT
#include "cli/server/admission.hpp"

#include "cli/open/clusters.hpp"
#include "cli/open/graph_settings.hpp"
#include "cli/open/lock_names.hpp"
#include "cli/open/locks.hpp"
#include "cli/open/repository_location.hpp"
#include "cli/open/workers.hpp"
#include "engine/base/printable.hpp"
#include "engine/base/version.hpp"
#include "storage/wire/protocol.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>

namespace pgbraid::cli {

namespace {

using std::chrono::milliseconds;

/// One command has three kinds of lock on as many repositories as there are.
constexpr size_t locks_max = 3 * 256;

result<void> check_versions(const serve::greeting& greeting) {
  if (greeting.version_min <= wire::version_max && greeting.version_max >= wire::version_min)
    return success();
  return error{
      errc::protocol,
      fmt::format("no common protocol version: {} speaks {} to {}, pgbraid {} here speaks "
                  "{} to {}",
                  greeting.program.empty() ? "the other host" : printable(greeting.program),
                  greeting.version_min, greeting.version_max, version_text, wire::version_min,
                  wire::version_max),
      "Install the same version of pgbraid on both hosts."};
}

/// The asked locks by type.
result<std::map<std::string, std::vector<unsigned>>>
sorted_locks(const std::vector<std::string>& names, const std::string& stanza) {
  std::map<std::string, std::vector<unsigned>> out;
  if (names.size() > locks_max)
    return error{errc::access, "access denied: too many locks"};
  for (const auto& name : names) {
    const auto parsed = parse_lock_name(name, stanza);
    if (!parsed)
      return error{errc::access, fmt::format("access denied: '{}' is no lock of the stanza",
                                             printable(name.substr(0, 256)))};
    out[parsed->type].push_back(parsed->repo_key);
  }
  return out;
}

/// Also looks for stop files: whoever locks a stanza must not work on one that is stopped.
result<io::lock_set> take_locks(const config::options& opts,
                                const std::vector<std::string>& names) {
  io::lock_set all;
  if (names.empty())
    return all;
  if (!opts.valid("lock-path") || !opts.has_value("stanza") || opts.exec_id().empty())
    return error{errc::access, "access denied: this command takes no locks"};
  if (auto free = check_stop_file(opts); !free)
    return free.failure();
  auto sorted = sorted_locks(names, opts.text("stanza"));
  if (!sorted)
    return sorted.failure();
  for (auto& [type, keys] : *sorted) {
    auto taken = io::lock_set::acquire({.lock_path = opts.text("lock-path"),
                                        .stanza = opts.text("stanza"),
                                        .type = type,
                                        .repo_keys = std::move(keys),
                                        .exec_id = opts.exec_id(),
                                        .content = lock_text(opts),
                                        .also_trusted = trusted_owners(opts)});
    if (!taken)
      return taken.failure();
    all.add(std::move(*taken));
  }
  return all;
}

result<void> grant_repository(const config::options& opts, serve::grants& may) {
  const auto position = opts.repo_default();
  const auto where = repository_location(opts, position);
  if (!where)
    return where.failure();
  auto wishes = repository_wishes(opts);
  // The other host has several connections where it needs them, and each is served by its own.
  wishes.workers = 1;
  auto opened = all_storages().open_storage(*where, wishes);
  if (!opened)
    return opened.failure();
  may.open_repo = [repo = std::shared_ptr<storage>(std::move(*opened))](const std::string&) {
    return repo;
  };
  may.repo_path = opts.text("repo-path", position);
  if (!opts.has_value("repo-cipher-type", position) ||
      opts.text("repo-cipher-type", position) != cipher_type_name(cipher_type::aes_256_cbc))
    return success();
  may.cipher = cipher_type::aes_256_cbc;
  may.passphrase = secret(opts.text("repo-cipher-pass", position));
  return success();
}

void grant_cluster(const config::options& opts, serve::grants& may) {
  const auto position = opts.pg_default();
  if (opts.has_value("pg-path", position))
    may.pg_path = opts.text("pg-path", position);
  if (opts.valid("pg-port"))
    may.pg = cluster_address(opts, position);
}

} // namespace

result<serve::admission> admit(const config::options& opts, const serve::greeting& greeting) {
  if (auto agreed = check_versions(greeting); !agreed)
    return agreed.failure();
  auto locks = take_locks(opts, greeting.locks);
  if (!locks)
    return locks.failure();
  serve::admission out;
  out.keep = std::make_shared<io::lock_set>(std::move(*locks));
  if (opts.has_value("stanza"))
    out.may.stanza = opts.text("stanza");
  out.may.process_max = workers_of(opts).served;
  if (opts.valid("io-engine"))
    out.may.mode = io_mode_of(opts);
  if (opts.text("remote-type") == "pg")
    grant_cluster(opts, out.may);
  else if (auto granted = grant_repository(opts, out.may); !granted)
    return granted.failure();
  return out;
}

link::settings serving_settings(const config::options& opts) {
  const milliseconds silence(opts.time_ms("io-timeout"));
  link::settings with;
  with.silence_limit = silence;
  with.ping_every = std::min(with.ping_every, silence / 4);
  with.stream_limit = milliseconds(opts.time_ms("protocol-timeout"));
  return with;
}

} // namespace pgbraid::cli

// From options to locations and logins.
// SPDX-License-Identifier: MIT
#include "cli/open/repository_location.hpp"

#include "cli/open/bucket.hpp"
#include "cli/open/hosts.hpp"
#include "cli/open/tls_connect.hpp"
#include "cli/open/workers.hpp"
#include "engine/graph/task.hpp"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace pgbraid::cli {

namespace {

/// Of the account, whatever the environment says.
std::string home_directory() {
  passwd entry = {};
  passwd* found = nullptr;
  std::array<char, 4096> room;
  if (::getpwuid_r(::geteuid(), &entry, room.data(), room.size(), &found) != 0 || found == nullptr)
    return {};
  return entry.pw_dir;
}

/// `~/x` is a file of the account.
std::string below_home(const std::string& file, const std::string& home) {
  return file.starts_with("~/") ? home + file.substr(1) : file;
}

sftp::key_check check_of(std::string_view text) {
  return text == "none"          ? sftp::key_check::none
         : text == "accept-new"  ? sftp::key_check::accept_new
         : text == "fingerprint" ? sftp::key_check::fingerprint
                                 : sftp::key_check::strict;
}

sftp::key_hash hash_of(std::string_view text) {
  return text == "md5"    ? sftp::key_hash::md5
         : text == "sha1" ? sftp::key_hash::sha1
                          : sftp::key_hash::sha256;
}

sftp::login login_of(const config::options& opts, size_t position) {
  const auto home = home_directory();
  const auto text = [&](config::text_key name) {
    return opts.has_value(name, position) ? opts.text(name, position) : std::string();
  };
  sftp::login to{.host = text("repo-sftp-host"),
                 .port = static_cast<uint16_t>(opts.integer("repo-sftp-host-port", position)),
                 .user = text("repo-sftp-host-user"),
                 .private_key_file = below_home(text("repo-sftp-private-key-file"), home),
                 .public_key_file = below_home(text("repo-sftp-public-key-file"), home),
                 .check = check_of(text("repo-sftp-host-key-check-type")),
                 .hash = hash_of(text("repo-sftp-host-key-hash-type")),
                 .fingerprint = text("repo-sftp-host-fingerprint"),
                 .own_known_hosts = home + "/.ssh/known_hosts",
                 .keep_alive = keep_alive_of(opts),
                 .limit = std::chrono::milliseconds(opts.time_ms("io-timeout"))};
  if (opts.has_value("repo-sftp-private-key-passphrase", position))
    to.passphrase = secret(opts.text("repo-sftp-private-key-passphrase", position));
  if (opts.has_value("repo-sftp-known-host", position))
    for (const auto& file : opts.list("repo-sftp-known-host", position))
      to.known_hosts.push_back(below_home(file, home));
  else
    to.known_hosts = {to.own_known_hosts, home + "/.ssh/known_hosts2", "/etc/ssh/ssh_known_hosts",
                      "/etc/ssh/ssh_known_hosts2"};
  return to;
}

/// Commands that move whole clusters will use all the sessions that make sense.
bool moves_much(const config::options& opts) {
  return opts.command() == config::command_id::backup ||
         opts.command() == config::command_id::restore;
}

template <class Settings> result<bucket_settings> one_of(result<Settings> bucket) {
  if (!bucket)
    return bucket.failure();
  return bucket_settings(std::move(*bucket));
}

/// Of the store that it is; of none for other kinds.
result<bucket_settings> bucket_of(storage_kind kind, const config::options& opts, size_t position) {
  switch (kind) {
  case storage_kind::s3:
    return one_of(s3_bucket_of(opts, position));
  case storage_kind::gcs:
    return one_of(gcs_bucket_of(opts, position));
  case storage_kind::azure:
    return one_of(azure_container_of(opts, position));
  case storage_kind::posix:
  case storage_kind::cifs:
  case storage_kind::sftp:
  case storage_kind::remote:
  case storage_kind::memory:
    break;
  }
  return bucket_settings();
}

} // namespace

result<location> repository_location(const config::options& opts, size_t position) {
  auto kind = storage_kind_of(opts.text("repo-type", position));
  if (!kind)
    return kind.failure();
  location where{.kind = *kind, .path = opts.text("repo-path", position)};
  if (where.kind == storage_kind::sftp)
    where.login = login_of(opts, position);
  auto bucket = bucket_of(where.kind, opts, position);
  if (!bucket)
    return bucket.failure();
  where.bucket = std::move(*bucket);
  return where;
}

storage_wishes repository_wishes(const config::options& opts) {
  return {.workers = workers_of(opts).repository_users,
          .moves_much = moves_much(opts),
          .settling_bytes = graph::settling_limits{}.bytes};
}

open_storages& all_storages() {
  static open_storages of_the_process;
  return of_the_process;
}

} // namespace pgbraid::cli

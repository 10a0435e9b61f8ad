// From options to a login.
// SPDX-License-Identifier: MIT
#include "cli/open/sftp_repository.hpp"

#include "cli/open/tls_connect.hpp"
#include "engine/base/log.hpp"
#include "engine/base/units.hpp"
#include "engine/graph/task.hpp"
#include "storage/driver/sftp/read_ahead.hpp"
#include "storage/driver/sftp/sftp_storage.hpp"
#include "storage/driver/sftp/ssh_session.hpp"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <thread>

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

/// What all sessions of a repository together may have under way, and what files may hold of it
/// beyond their own share.
constexpr size_t window_bytes_all = size_t{32} << 20;

/// Who works on the repository at the same time.
size_t workers_of(const config::options& opts) {
  if (!opts.valid("process-max"))
    return 1;
  if (opts.has_value("process-max"))
    return static_cast<size_t>(opts.integer("process-max"));
  return std::max(1U, std::thread::hardware_concurrency());
}

/// Commands that move whole clusters will use all the sessions that make sense.
bool moves_much(const config::options& opts) {
  return opts.command() == config::command_id::backup ||
         opts.command() == config::command_id::restore;
}

/// One repository has one pool, however often the commands of a process open it.
class open_pools {
public:
  std::shared_ptr<sftp::session_pool> find(const std::string& which) {
    const std::lock_guard held(mutex_);
    return all_[which].lock();
  }
  void note(const std::string& which, const std::shared_ptr<sftp::session_pool>& pool) {
    const std::lock_guard held(mutex_);
    all_[which] = pool;
  }

private:
  std::mutex mutex_;
  std::map<std::string, std::weak_ptr<sftp::session_pool>> all_;
};

/// Logs in once, until then at the latest.
result<std::shared_ptr<sftp::connection>> log_in(sftp::login to, size_t window_bytes,
                                                 sftp::session_pool::clock::time_point until) {
  using std::chrono::milliseconds;
  const auto silence = to.limit;
  const auto left =
      std::chrono::duration_cast<milliseconds>(until - sftp::session_pool::clock::now());
  to.limit = std::clamp(left, milliseconds(1), to.limit);
  auto over = sftp::log_in(to);
  if (!over)
    return over.failure();
  return sftp::connection::open(
      std::move(*over), {.host = to.host, .silence_limit = silence, .window_bytes = window_bytes});
}

result<std::shared_ptr<sftp::session_pool>> make_pool(const config::options& opts,
                                                      const sftp::login& to, size_t workers) {
  constexpr size_t window = window_bytes_all / sftp::sessions_most;
  const auto open = [to](sftp::session_pool::clock::time_point until) {
    return log_in(to, window, until);
  };
  auto first = open(sftp::session_pool::clock::now() + to.limit);
  if (!first)
    return first.failure();
  const auto sessions = sftp::sessions_for(workers, (*first)->round_trip());
  log::debug("memory budget: {} for each file that is open, {} for those that a worker completes, "
             "and {} more, over up to {} SFTP session(s) with '{}'",
             format_size(sftp::pieces_max * sftp::piece_bytes),
             format_size(graph::settling_limits{}.bytes), format_size(window * sessions), sessions,
             to.host);
  return std::make_shared<sftp::session_pool>(std::move(*first), open,
                                              sftp::pool_settings{.host = to.host,
                                                                  .sessions_max = sessions,
                                                                  .workers = workers,
                                                                  .eager = moves_much(opts),
                                                                  .spare_bytes = window * sessions,
                                                                  .limit = to.limit});
}

} // namespace

result<sftp_opener> reach_sftp(const config::options& opts, size_t position, size_t workers) {
  static open_pools pools;
  const auto to = login_of(opts, position);
  const auto which = fmt::format("{}@{}:{} {}", to.user, to.host, to.port, to.private_key_file);
  auto pool = pools.find(which);
  if (!pool) {
    auto made = make_pool(opts, to, workers);
    if (!made)
      return made.failure();
    pool = std::move(*made);
    pools.note(which, pool);
  }
  return sftp_opener(
      [pool](const std::string& root) { return sftp::make_sftp_storage(pool, root); });
}

result<std::unique_ptr<storage>> open_sftp(const config::options& opts, size_t position) {
  auto there = reach_sftp(opts, position, workers_of(opts));
  if (!there)
    return there.failure();
  return (*there)(opts.text("repo-path", position));
}

} // namespace pgbraid::cli

// Checks of whole configurations: root, time-outs, hosts, repository paths, required repositories,
// retention. Source: engine/config/README.md, section 10. SPDX-License-Identifier: MIT
#include "engine/config/load.hpp"
#include "engine/config/required_repositories.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace pgbraid::config {

namespace {

constexpr int64_t timeout_gap_ms = 30'000;
constexpr int64_t least_db_timeout_ms = 15'000;

} // namespace

/// The checks of one configuration, in the order users see them.
class final_checks {
public:
  final_checks(options& opts, std::vector<std::string>& warnings)
      : opts_(opts), warnings_(warnings) {}

  result<void> run() {
    for (auto check : {&final_checks::timeouts, &final_checks::hosts, &final_checks::paths,
                       &final_checks::required, &final_checks::retention}) {
      if (auto done = (this->*check)(); !done)
        return done;
    }
    if (opts_.is_set("stop-auto"))
      warnings_.push_back("option 'stop-auto' is deprecated and has no effect");
    return success();
  }

private:
  void settle(key name, int64_t time_ms) {
    auto& here = opts_.at(name.row(), 0);
    here.data = time_ms;
    here.shown = {fmt::format("{}ms", time_ms)};
  }

  /// A peer process must be given longer than one statement may take.
  result<void> timeouts() {
    if (!opts_.has_value("db-timeout") || !opts_.has_value("protocol-timeout"))
      return success();
    const auto db_ms = opts_.time_ms("db-timeout");
    const auto protocol_ms = opts_.time_ms("protocol-timeout");
    if (protocol_ms > db_ms)
      return success();
    if (!opts_.is_set("protocol-timeout")) {
      settle("protocol-timeout", db_ms + timeout_gap_ms);
    } else if (!opts_.is_set("db-timeout")) {
      const auto room_ms = protocol_ms - timeout_gap_ms;
      settle("db-timeout", room_ms >= least_db_timeout_ms ? room_ms : protocol_ms / 2);
    } else {
      const auto protocol = opts_.shown(key("protocol-timeout").row(), 0);
      return error{errc::option_invalid_value,
                   fmt::format("'{}' is not valid for 'protocol-timeout' option", protocol),
                   fmt::format("'protocol-timeout' option ({}) should be greater than 'db-timeout' "
                               "option ({}).",
                               protocol, opts_.shown(key("db-timeout").row(), 0))};
    }
    return success();
  }

  result<void> hosts() {
    if (!opts_.valid("pg-host") || !opts_.valid("repo-host"))
      return success();
    const auto any = [&](key name, size_t count) {
      for (size_t i = 0; i < count; ++i) {
        if (opts_.has_value(name, i))
          return true;
      }
      return false;
    };
    if (any("pg-host", opts_.pg_count()) && any("repo-host", opts_.repo_count()))
      return error{errc::config, "pg and repo hosts cannot both be configured as remote"};
    return success();
  }

  result<void> paths() {
    // A remote role serves one repository; what it knows of others is not all.
    if (opts_.role() == command_role::remote)
      return success();
    std::map<std::string, unsigned> seen;
    for (size_t i = 0; i < opts_.repo_count(); ++i) {
      const auto& type = opts_.text("repo-type", i);
      if ((type != "posix" && type != "cifs") || opts_.has_value("repo-host", i))
        continue;
      const auto& path = opts_.text("repo-path", i);
      const auto [other, fresh] = seen.emplace(type + ":" + path, opts_.repo_key(i));
      if (!fresh)
        return error{
            errc::option_invalid_value,
            fmt::format("local repo{} and repo{} paths are both '{}' but must be different",
                        other->second, opts_.repo_key(i), path)};
    }
    return success();
  }

  result<void> required() {
    if (!opts_.valid("archive-require"))
      return success();
    const auto keys = required_repositories(opts_);
    return keys ? success() : keys.failure();
  }

  result<void> retention() {
    if (!opts_.valid("repo-retention-full"))
      return success();
    for (size_t i = 0; i < opts_.repo_count(); ++i) {
      if (!opts_.has_value("repo-retention-full", i))
        warn_retention_full(i);
      settle_archive_retention(i);
    }
    return success();
  }

  void warn_retention_full(size_t i) {
    warnings_.push_back(fmt::format(
        "option 'repo{0}-retention-full' is not set for 'repo{0}-retention-full-type={1}', the "
        "repository may run out of space\n"
        "HINT: to retain full backups indefinitely (without warning), set option "
        "'repo{0}-retention-full' to the maximum.",
        opts_.repo_key(i), opts_.text("repo-retention-full-type", i)));
  }

  void copy(key to, key from, size_t i) {
    opts_.at(to.row(), i) = opts_.at(from.row(), i);
    opts_.at(to.row(), i).source = value_source::fallback;
  }

  /// Unset archive retention follows the retention of the backups it counts.
  void settle_archive_retention(size_t i) {
    const auto repo = opts_.repo_key(i);
    const auto& type = opts_.text("repo-retention-archive-type", i);
    const bool has_diff = opts_.has_value("repo-retention-diff", i);
    if (opts_.has_value("repo-retention-archive", i)) {
      if (type == "diff" && !has_diff)
        warnings_.push_back(
            fmt::format("option 'repo{0}-retention-diff' is not set for "
                        "'repo{0}-retention-archive-type=diff'\n"
                        "HINT: to retain differential backups indefinitely (without "
                        "warning), set option 'repo{0}-retention-diff' to the maximum.",
                        repo));
    } else if (type == "full") {
      if (opts_.text("repo-retention-full-type", i) == "count" &&
          opts_.has_value("repo-retention-full", i))
        copy("repo-retention-archive", "repo-retention-full", i);
    } else if (type == "diff" && has_diff) {
      copy("repo-retention-archive", "repo-retention-diff", i);
    } else {
      const auto unset = type == "diff"
                             ? fmt::format("neither option 'repo{0}-retention-archive' nor option "
                                           "'repo{0}-retention-diff' is set",
                                           repo)
                             : fmt::format("option 'repo{}-retention-archive' is not set", repo);
      warnings_.push_back(fmt::format(
          "WAL segments will not be expired: option 'repo{}-retention-archive-type={}' but {}",
          repo, type, unset));
    }
  }

  options& opts_;
  std::vector<std::string>& warnings_;
};

result<void> check_root(const options& opts, unsigned effective_user) {
  if (effective_user != 0 || !opts.valid("allow-root") || opts.flag("allow-root"))
    return success();
  // Reading does no harm.
  const bool reads =
      opts.command() == command_id::info || opts.command() == command_id::server_ping;
  if (reads && !opts.is_set("allow-root"))
    return success();
  return error{
      errc::option_invalid,
      fmt::format("the '{}' command must not be run as the root user", opts.command_name()),
      "the option 'allow-root' permits it."};
}

result<void> check_final(options& opts, std::vector<std::string>& warnings) {
  return final_checks(opts, warnings).run();
}

} // namespace pgbraid::config

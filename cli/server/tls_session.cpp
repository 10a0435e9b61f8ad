// One connection to the TLS server.
// SPDX-License-Identifier: MIT
#include "cli/server/tls_session.hpp"

#include "actors/serve/copy_runner.hpp"
#include "cli/frame/frame.hpp"
#include "cli/open/served_words.hpp"
#include "cli/open/workers.hpp"
#include "cli/server/admission.hpp"
#include "cli/server/server_auth.hpp"
#include "engine/base/clock.hpp"
#include "engine/base/printable.hpp"
#include "engine/base/stop_signal.hpp"
#include "engine/config/load.hpp"
#include "engine/net/tls_transport.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>

namespace pgbraid::cli {

namespace {

constexpr auto handshake_limit = std::chrono::seconds(10);

/// What the server was told about its configuration holds for what it serves, too.
std::vector<std::string> own_location(const config::options& opts) {
  std::vector<std::string> out;
  for (const auto name : {config::text_key("config"), config::text_key("config-path"),
                          config::text_key("config-include-path")}) {
    const auto& row = config::options_table[name.row()];
    if (opts.source(name) != config::value_source::command_line)
      continue;
    if (opts.has_value(name))
      out.push_back(fmt::format("--{}={}", row.name, opts.text(name)));
    else
      out.push_back(fmt::format("--no-{}", row.name));
  }
  return out;
}

using introduction = std::function<result<void>(const std::string& client)>;

/// What somebody on this host would work with, given the same stanza: only the server's own
/// configuration, and all of it.
result<config::options> own_options(const config::options& opts, const std::string& stanza) {
  auto from = opts.inputs_of_run();
  from.args = own_location(opts);
  if (!stanza.empty())
    from.args.push_back("--stanza=" + stanza);
  from.args.emplace_back(stanza.empty() ? "info" : "archive-push");
  std::vector<std::string> warnings; // of options that only other commands know
  return config::load(from, warnings);
}

/// A server gives what it has itself, and never what its configuration says is elsewhere.
result<void> check_repository_is_here(const config::options& own, unsigned key) {
  for (size_t i = 0; i < own.repo_count(); ++i)
    if (own.repo_key(i) == key && !own.has_value("repo-host", i))
      return success();
  return error{errc::access, fmt::format("access denied: repo{} is not on this host", key),
               fmt::format("The configuration of the host that was asked sets repo{0}-host, or "
                           "has no repo{0}. Does repo{0}-host here name the right host?",
                           key)};
}

result<void> check_cluster_is_here(const config::options& own, const std::string& stanza) {
  const auto hint =
      fmt::format("On the host that was asked, section [{}] of the configuration must set pg1-path "
                  "and no pg1-host. Does pg1-host here name the right host?",
                  stanza);
  if (stanza.empty() || own.pg_count() == 0)
    return error{errc::access, "access denied: no cluster is on this host", hint};
  const auto position = own.pg_default();
  if (own.has_value("pg-path", position) && !own.has_value("pg-host", position))
    return success();
  return error{errc::access,
               fmt::format("access denied: pg{} of stanza '{}' is not on this host",
                           own.pg_key(position), stanza),
               hint};
}

/// Settles what one client may do.
class gatekeeper {
public:
  gatekeeper(const config::options& opts, std::string common_name, std::string from,
             introduction introduce)
      : opts_(opts), common_name_(std::move(common_name)), from_(std::move(from)),
        introduce_(std::move(introduce)) {}

  result<serve::admission> operator()(const serve::greeting& greeting) {
    if (!is_known(opts_.map("tls-server-auth"), common_name_))
      return refuse({errc::access, "access denied"}, "-");
    if (auto placed = introduce_(common_name_); !placed)
      return placed.failure();
    auto served = options_for(greeting.args);
    if (!served)
      return refuse(served.failure(), "-");
    const auto stanza = served->has_value("stanza") ? served->text("stanza") : std::string();
    const auto& kind = served->text("remote-type");
    if (auto allowed = authorise(opts_.map("tls-server-auth"), common_name_, stanza, kind);
        !allowed)
      return refuse(allowed.failure(), stanza);
    if (auto here = check_is_here(*served, stanza); !here)
      return refuse(here.failure(), stanza);
    if (auto prepared = prepare_process(*served); !prepared)
      return prepared.failure();
    log::info("client '{}' at {}: {}:remote, stanza '{}'", printable(common_name_), from_,
              served->command_name(), stanza);
    return admit(*served, greeting);
  }

private:
  /// The client's words on top of our own configuration.
  result<config::options> options_for(const std::vector<std::string>& words) {
    if (auto accepted = check_served_words(words); !accepted)
      return accepted.failure();
    auto from = opts_.inputs_of_run();
    from.args = own_location(opts_);
    from.args.insert(from.args.end(), words.begin(), words.end());
    std::vector<std::string> warnings;
    auto served = config::load(from, warnings);
    if (!served)
      return served.failure();
    if (served->role() != config::command_role::remote)
      return error{errc::access, "access denied: no command in its remote role"};
    if (!served->has_value("remote-type") || served->repo_count() == 0)
      return error{errc::access, "access denied: the client does not say what it wants served"};
    if (auto root = config::check_root(*served, ::geteuid()); !root)
      return root.failure();
    if (auto checked = config::check_final(*served, warnings); !checked)
      return checked.failure();
    return served;
  }

  result<void> check_is_here(const config::options& served, const std::string& stanza) {
    auto own = own_options(opts_, stanza);
    if (!own)
      return own.failure();
    if (served.text("remote-type") == "pg")
      return check_cluster_is_here(*own, stanza);
    return check_repository_is_here(*own, served.repo_key(served.repo_default()));
  }

  error refuse(error why, const std::string& stanza) const {
    if (why.code == errc::access)
      log::failure({errc::access,
                    fmt::format("access denied for client '{}' at {}, stanza '{}'",
                                printable(common_name_), from_, printable(stanza)),
                    why.message == "access denied" ? no_rule_hint() : why.message});
    return why;
  }
  /// The line that is missing.
  std::string no_rule_hint() const {
    return fmt::format("tls-server-auth = {{ \"{}\" = \"...\" }} would let it in.",
                       printable(common_name_));
  }

  const config::options& opts_;
  const std::string common_name_;
  const std::string from_;
  const introduction introduce_;
};

} // namespace

int serve_tls(const config::options& opts, const net::tls_context& context,
              net::accepted connection, const introduction& introduce) {
  const auto from = connection.from;
  auto shaken = net::shake_hands(context, std::move(connection.socket), from,
                                 monotonic::now() + handshake_limit);
  if (!shaken) {
    // Whoever pings shows no certificate; that is no reason for a line each time.
    const bool bad_certificate = shaken.failure().code == errc::crypto;
    log::write(bad_certificate ? log::level::warn : log::level::detail,
               shaken.failure().within("connection refused").message);
    return static_cast<int>(shaken.failure().code);
  }
  const auto copies = serve::make_copy_runner(workers_of(opts).cores);
  auto served =
      serve::serve_connection(std::move(shaken->over), serving_settings(opts),
                              gatekeeper(opts, shaken->common_name, from, introduce), *copies);
  if (served)
    return 0;
  if (served.failure().code != errc::term)
    log::warn("connection of client '{}' at {} ended: {}", printable(shaken->common_name), from,
              served.failure().message);
  return static_cast<int>(served.failure().code);
}

} // namespace pgbraid::cli

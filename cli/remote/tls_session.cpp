// One connection to the TLS server.
// SPDX-License-Identifier: MIT
#include "cli/remote/tls_session.hpp"

#include "cli/remote/admission.hpp"
#include "cli/remote/copies.hpp"
#include "cli/remote/served_words.hpp"
#include "cli/remote/server_auth.hpp"
#include "cli/run_command.hpp"
#include "engine/base/printable.hpp"
#include "engine/base/stop_signal.hpp"
#include "engine/config/load.hpp"
#include "engine/link/tls_transport.hpp"

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

/// Settles what one client may do.
class gatekeeper {
public:
  gatekeeper(const config::options& opts, std::string common_name, std::string from)
      : opts_(opts), common_name_(std::move(common_name)), from_(std::move(from)) {}

  result<serve::admission> operator()(const serve::greeting& greeting) {
    if (!is_known(opts_.map("tls-server-auth"), common_name_))
      return refuse({errc::access, "access denied"}, "-");
    auto served = options_for(greeting.args);
    if (!served)
      return refuse(served.failure(), "-");
    const auto stanza = served->has_value("stanza") ? served->text("stanza") : std::string();
    if (auto allowed = authorise(opts_.map("tls-server-auth"), common_name_, stanza); !allowed)
      return refuse(allowed.failure(), stanza);
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
    auto from = opts_.told();
    from.args = own_location(opts_);
    from.args.insert(from.args.end(), words.begin(), words.end());
    std::vector<std::string> warnings;
    auto served = config::load(from, warnings);
    if (!served)
      return served.failure();
    if (served->role() != config::command_role::remote)
      return error{errc::access, "access denied: no command in its remote role"};
    if (auto root = config::check_root(*served, ::geteuid()); !root)
      return root.failure();
    if (auto checked = config::check_final(*served, warnings); !checked)
      return checked.failure();
    return served;
  }

  error refuse(error why, const std::string& stanza) const {
    if (why.code == errc::access)
      log::failure({errc::access, fmt::format("access denied for client '{}' at {}, stanza '{}'",
                                              printable(common_name_), from_, printable(stanza))});
    return why;
  }

  const config::options& opts_;
  const std::string common_name_;
  const std::string from_;
};

} // namespace

int serve_tls(const config::options& opts, const link::tls_context& context,
              link::accepted connection, const std::function<void()>& known) {
  const auto from = connection.from;
  auto shaken = link::shake_hands(context, std::move(connection.socket), from,
                                  std::chrono::steady_clock::now() + handshake_limit);
  if (!shaken) {
    // Whoever pings shows no certificate; that is no reason for a line each time.
    const bool bad_certificate = shaken.failure().code == errc::crypto;
    log::write(bad_certificate ? log::level::warn : log::level::detail,
               shaken.failure().within("connection refused").message);
    return static_cast<int>(shaken.failure().code);
  }
  known();
  const auto copies = make_copies();
  auto served = serve::serve_connection(std::move(shaken->over), serving_settings(opts),
                                        gatekeeper(opts, shaken->common_name, from), *copies);
  if (served)
    return 0;
  if (served.failure().code != errc::term)
    log::warn("connection of client '{}' at {} ended: {}", printable(shaken->common_name), from,
              served.failure().message);
  return static_cast<int>(served.failure().code);
}

} // namespace pgbraid::cli

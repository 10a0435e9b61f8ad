// server: listens for other hosts over TLS; every connection has a process of its own.
// Source: cli/command/README.md, section 10.
// SPDX-License-Identifier: MIT
#include "actors/serve/memory_budget.hpp"
#include "cli/command/commands.hpp"
#include "cli/open/tls_connect.hpp"
#include "cli/server/connection_children.hpp"
#include "cli/server/server_auth.hpp"
#include "cli/server/service_manager.hpp"
#include "cli/server/tls_session.hpp"
#include "engine/base/clock.hpp"
#include "engine/base/log.hpp"
#include "engine/base/printable.hpp"
#include "engine/base/stop_signal.hpp"
#include "engine/config/load.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>

#include <atomic>
#include <chrono>
#include <optional>

namespace pgbraid::cli {

namespace {

std::atomic<bool> reload_asked{false};

extern "C" void on_hangup(int) {
  reload_asked = true;
}

void listen_to_hangup() {
  struct sigaction action = {};
  action.sa_handler = on_hangup;
  sigemptyset(&action.sa_mask);
  ::sigaction(SIGHUP, &action, nullptr);
}

/// What a reload replaces.
struct front {
  config::options opts;
  net::tls_context context;
  std::vector<io::unique_fd> listeners;
};

result<net::tls_context> context_of(const config::options& opts) {
  auto files = tls_ciphers(opts);
  files.ca_file = opts.text("tls-server-ca-file");
  files.cert_file = opts.text("tls-server-cert-file");
  files.key_file = opts.text("tls-server-key-file");
  return net::tls_context::make(net::tls_side::server, files);
}

result<std::vector<io::unique_fd>> listen(const config::options& opts) {
  return net::listen_tcp(opts.text("tls-server-address"),
                         static_cast<uint16_t>(opts.integer("tls-server-port")));
}

bool same_address(const config::options& a, const config::options& b) {
  return a.text("tls-server-address") == b.text("tls-server-address") &&
         a.integer("tls-server-port") == b.integer("tls-server-port");
}

class server {
public:
  explicit server(front made) : front_(std::move(made)) {}

  result<int> run() {
    tell_places();
    tell_service_manager("READY=1");
    while (stop_signal == 0) {
      if (reload_asked.exchange(false))
        reload();
      wait();
      children_.look_after();
      accept_all();
    }
    tell_service_manager("STOPPING=1");
    front_.listeners.clear();
    children_.end_all();
    // The end of a service is no failure of it.
    log::info("terminated on signal {}", stop_signal.load());
    return 0;
  }

private:
  /// Where it can be reached, and by whom.
  void tell_places() const {
    std::string places;
    bool only_this_host = true;
    for (const auto& listener : front_.listeners) {
      const auto place = net::place_of(listener.get());
      places += (places.empty() ? "" : ", ") + place.shown;
      only_this_host = only_this_host && place.only_this_host;
    }
    std::string clients;
    for (const auto& [name, rule] : front_.opts.map("tls-server-auth"))
      clients +=
          fmt::format("{}'{}' ({})", clients.empty() ? "" : ", ", printable(name), printable(rule));
    log::info("listening on {}; clients that may come: {}", places, clients);
    log::info(
        "one connection holds {} MiB at most for what it reads, writes, lists and copies; one "
        "client has {} connections at most",
        serve::memory_budget::limit_bytes >> 20, client_connections_max);
    if (only_this_host)
      log::warn("only this host can reach the server: set 'tls-server-address' to an address that "
                "other hosts reach, or to '*' for all of this host's");
  }

  using clock = monotonic;
  /// A signal that comes just before poll is noticed after this time.
  static constexpr int wait_ms = 500;

  void wait() {
    std::vector<pollfd> all;
    // Without room connections wait where the system keeps them.
    const bool shut = clock::now() < rests_until_ || !children_.has_room();
    if (!shut)
      for (const auto& listener : front_.listeners)
        all.push_back({listener.get(), POLLIN, 0});
    children_.add_polls(all);
    ::poll(all.data(), all.size(), shut ? wait_ms / 10 : wait_ms);
  }

  void accept_all() {
    if (clock::now() < rests_until_)
      return;
    for (const auto& listener : front_.listeners) {
      for (bool more = true; more && stop_signal == 0 && children_.has_room();) {
        auto served = serve_next(listener.get());
        if (!served)
          return rest(served.failure());
        more = *served;
      }
    }
  }

  /// A host that is short of something has connections that wait and cannot be taken: they would
  /// wake us without end.
  void rest(const error& why) {
    constexpr auto pause = std::chrono::milliseconds(100);
    constexpr auto quiet = std::chrono::minutes(1);
    const auto now = clock::now();
    rests_until_ = now + pause;
    if (warned_at_ && now - *warned_at_ < quiet)
      return;
    warned_at_ = now;
    log::warn("{}; connections wait", why.message);
  }

  /// False when none waits.
  result<bool> serve_next(int listener) {
    if (auto prepared = children_.prepare(); !prepared)
      return prepared.failure();
    auto one = net::accept_tcp(listener, keep_alive_of(front_.opts));
    if (!one)
      return one.failure();
    if (!*one)
      return false;
    if (auto served = serve(std::move(**one)); !served)
      return served.failure();
    return true;
  }

  result<void> serve(net::accepted connection) {
    const auto from = connection.from;
    return children_.start(from, [&](const connection_children::introduction& introduce) {
      front_.listeners.clear();
      return serve_tls(front_.opts, front_.context, std::move(connection), introduce);
    });
  }

  /// A configuration that is no good changes nothing.
  void reload() {
    tell_reloading();
    if (auto done = try_reload(); done)
      log::info("configuration reloaded");
    else
      log::failure(done.failure().within("configuration not reloaded"));
    tell_service_manager("READY=1");
  }

  result<void> try_reload() {
    std::vector<std::string> warnings;
    auto opts = config::load(front_.opts.inputs_of_run(), warnings);
    for (const auto& line : warnings)
      log::warn("{}", line);
    if (!opts)
      return opts.failure();
    opts->set_exec_id(front_.opts.exec_id());
    if (auto understood = check_rules(opts->map("tls-server-auth")); !understood)
      return understood.failure();
    auto context = context_of(*opts);
    if (!context)
      return context.failure();
    if (!same_address(*opts, front_.opts)) {
      auto listeners = listen(*opts);
      if (!listeners)
        return listeners.failure();
      front_.listeners = std::move(*listeners);
    }
    front_.opts = std::move(*opts);
    front_.context = std::move(*context);
    tell_places();
    return success();
  }

  front front_;
  connection_children children_;
  clock::time_point rests_until_;
  std::optional<clock::time_point> warned_at_;
};

} // namespace

result<int> run_server(const config::options& opts) {
  if (auto understood = check_rules(opts.map("tls-server-auth")); !understood)
    return understood.failure();
  auto context = context_of(opts);
  if (!context)
    return context.failure();
  auto listeners = listen(opts);
  if (!listeners)
    return listeners.failure();
  const polled_signals polling;
  listen_to_hangup();
  return server({opts, std::move(*context), std::move(*listeners)}).run();
}

} // namespace pgbraid::cli

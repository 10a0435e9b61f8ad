// One connection to another host.
// SPDX-License-Identifier: MIT
#include "cli/open/connect_host.hpp"

#include "cli/open/connection_hints.hpp"
#include "cli/open/host_keys.hpp"
#include "cli/open/lock_names.hpp"
#include "cli/open/served_words.hpp"
#include "cli/open/ssh_ciphers.hpp"
#include "cli/open/ssh_words.hpp"
#include "cli/open/tls_connect.hpp"
#include "engine/base/version.hpp"
#include "engine/net/ssh_transport.hpp"
#include "storage/wire/protocol.hpp"
#include "storage/wire/wire.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace pgbraid::cli {

namespace {

using std::chrono::milliseconds;

/// Where one connection leads.
struct destination {
  const config::options& opts;
  config::option_group which;
  size_t position;
  unsigned process;

  const std::string& text(config::text_key name) const { return opts.text(name, position); }
  const host_keys& keys() const { return keys_of(which); }
  const std::string& host() const { return text(keys().host); }
  bool over_tls() const { return text(keys().type) == "tls"; }
};

result<std::unique_ptr<net::transport>> reach(const destination& to) {
  if (to.over_tls())
    return tls_connect(to.opts, to.which, to.position, to.process);
  auto words = ssh_words(to.opts, to.which, to.position, to.process);
  if (!words)
    return words.failure();
  const auto ciphers = cipher_words(to.opts, *words);
  words->insert(words->begin() + 1, ciphers.begin(), ciphers.end());
  return net::make_ssh_transport(
      {.argv = std::move(*words), .host = to.host(), .process = to.process});
}

tls_way way_of(const destination& to) {
  const auto& keys = to.keys();
  const auto key = to.which == config::option_group::pg ? to.opts.pg_key(to.position)
                                                        : to.opts.repo_key(to.position);
  return {.prefix = config::shown_name({static_cast<uint16_t>(keys.host.row()), key}),
          .host = to.host(),
          .port = fmt::format("{}", to.opts.integer(keys.port, to.position)),
          .cert_file = to.text(keys.cert_file),
          .ca_file = to.opts.has_value(keys.ca_file, to.position) ? to.text(keys.ca_file) : "",
          .stanza = to.opts.has_value("stanza") ? to.opts.text("stanza") : ""};
}

link::settings settings_for(const destination& to) {
  const milliseconds silence(to.opts.time_ms("io-timeout"));
  link::settings with{.host = to.host(), .kind = to.over_tls() ? "tls" : "ssh"};
  with.silence_limit = silence;
  with.ping_every = std::min(with.ping_every, silence / 4);
  with.stream_limit = milliseconds(to.opts.time_ms("protocol-timeout"));
  return with;
}

wire::hello greeting_of(const destination& to) {
  wire::hello greeting{.version_min = wire::version_min,
                       .version_max = wire::version_max,
                       .program = fmt::format("pgbraid {}", version_text)};
  if (to.over_tls())
    greeting.args = served_words(to.opts.remote_words(to.which, to.position, to.process));
  if (to.process == 0)
    greeting.locks = remote_lock_names(to.opts);
  return greeting;
}

result<void> greet(link::client_link& over, const destination& to) {
  auto answer = over.ask(wire::path::hello, wire::encode(greeting_of(to)));
  if (!answer)
    return answer.failure();
  auto told = wire::decode<wire::hello_answer>(answer->head);
  if (!told)
    return told.failure();
  if (told->version < wire::version_min || told->version > wire::version_max)
    return error{errc::protocol,
                 fmt::format("'{}' wants to speak protocol version {}, but this program speaks {} "
                             "to {}",
                             to.host(), told->version, wire::version_min, wire::version_max)};
  return success();
}

} // namespace

result<std::unique_ptr<link::client_link>> connect_host(const config::options& opts,
                                                        config::option_group which, size_t position,
                                                        unsigned process) {
  const destination to{opts, which, position, process};
  auto transport = reach(to);
  if (!transport)
    return to.over_tls() ? with_hint(transport.failure(), way_of(to)) : transport.failure();
  auto over = std::make_unique<link::client_link>(std::move(*transport), settings_for(to));
  if (auto greeted = greet(*over, to); !greeted)
    return to.over_tls() ? with_hint(greeted.failure(), way_of(to)) : greeted.failure();
  return over;
}

} // namespace pgbraid::cli

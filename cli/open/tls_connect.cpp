// A TLS connection to the server of another host.
// SPDX-License-Identifier: MIT
#include "cli/open/tls_connect.hpp"

#include "cli/open/host_keys.hpp"
#include "engine/base/log.hpp"

#include <chrono>

namespace pgbraid::cli {

namespace {

std::string text_or_none(const config::options& opts, config::text_key name, size_t position) {
  return opts.has_value(name, position) ? opts.text(name, position) : std::string();
}

std::optional<int> number(const config::options& opts, config::integer_key name) {
  if (!opts.has_value(name))
    return std::nullopt;
  return static_cast<int>(opts.integer(name));
}

/// A server reads its own configuration; another one is nothing a certificate gives.
void tell_about_config(const config::options& opts, config::option_group which, size_t position) {
  const auto& keys = keys_of(which);
  const auto key =
      which == config::option_group::pg ? opts.pg_key(position) : opts.repo_key(position);
  for (const auto name : {keys.config, keys.config_path, keys.config_include_path}) {
    if (opts.is_set(name, position))
      log::debug("option '{}' has no effect for '{}': TLS servers read their own configuration",
                 config::shown_name({static_cast<uint16_t>(name.row()), key}),
                 opts.text(keys.host, position));
  }
}

} // namespace

net::tls_files tls_ciphers(const config::options& opts) {
  net::tls_files out;
  if (opts.has_value("tls-cipher-12"))
    out.ciphers_12 = opts.text("tls-cipher-12");
  if (opts.has_value("tls-cipher-13"))
    out.ciphers_13 = opts.text("tls-cipher-13");
  return out;
}

net::keep_alive keep_alive_of(const config::options& opts) {
  return {.on = opts.flag("sck-keep-alive"),
          .count = number(opts, "tcp-keep-alive-count"),
          .idle_s = number(opts, "tcp-keep-alive-idle"),
          .interval_s = number(opts, "tcp-keep-alive-interval")};
}

result<std::unique_ptr<net::transport>> tls_connect(const config::options& opts,
                                                    config::option_group which, size_t position,
                                                    unsigned process) {
  const auto& keys = keys_of(which);
  if (process == 0)
    tell_about_config(opts, which, position);
  auto files = tls_ciphers(opts);
  files.cert_file = opts.text(keys.cert_file, position);
  files.key_file = opts.text(keys.key_file, position);
  files.ca_file = text_or_none(opts, keys.ca_file, position);
  files.ca_path = text_or_none(opts, keys.ca_path, position);
  auto context = net::tls_context::make(net::tls_side::client, files);
  if (!context)
    return context.failure();
  return net::connect_tls(*context,
                          {.host = opts.text(keys.host, position),
                           .port = static_cast<uint16_t>(opts.integer(keys.port, position)),
                           .how = keep_alive_of(opts),
                           .limit = std::chrono::milliseconds(opts.time_ms("io-timeout"))});
}

} // namespace pgbraid::cli

// What to look at when another host cannot be reached over TLS.
// SPDX-License-Identifier: MIT
#include "cli/open/connection_hints.hpp"

#include <fmt/format.h>

#include <array>
#include <string_view>

namespace pgbraid::cli {

namespace {

/// A cause, by what the message says, and what helps.
struct cause {
  std::string_view says;
  std::string (*hint)(const tls_way& way);
};

std::string unknown_name(const tls_way& way) {
  return fmt::format("This host does not know '{}': {} must be a name or an address that it does. "
                     "Try: getent hosts {}",
                     way.host, way.prefix, way.host);
}

std::string nobody_listens(const tls_way& way) {
  return fmt::format("Nobody listens on port {} there that this host may reach. Does 'pgbraid "
                     "server' run on {}, with tls-server-address set (it is localhost otherwise, "
                     "which no other host reaches) and tls-server-port = {}? Try there: ss -ltn. "
                     "Here: {}-port.",
                     way.port, way.host, way.port, way.prefix);
}

std::string no_answer(const tls_way& way) {
  return fmt::format("Nothing came back from {}. Is {} the right host, and is port {} open in "
                     "firewalls? Try: pgbraid --tls-server-port={} server-ping {}",
                     way.host, way.prefix, way.port, way.port, way.host);
}

std::string no_tls(const tls_way& way) {
  return fmt::format("What listens on port {} of {} is no 'pgbraid server'. Is {}-port right?",
                     way.port, way.host, way.prefix);
}

std::string wrong_host_name(const tls_way& way) {
  return fmt::format(
      "The server's certificate (tls-server-cert-file on {0}) does not name '{0}': "
      "it needs subjectAltName=DNS:{0}, or {1} another name. Try there: openssl x509 "
      "-noout -ext subjectAltName -in CERTIFICATE",
      way.host, way.prefix);
}

std::string wrong_authority(const tls_way& way) {
  return fmt::format("{} does not know who signed the server's certificate (tls-server-cert-file "
                     "on {}). Set {}-ca-file to the certificate of that authority. Try: openssl "
                     "verify -CAfile CA CERTIFICATE",
                     way.ca_file.empty() ? "This system" : "'" + way.ca_file + "'", way.host,
                     way.prefix);
}

std::string wrong_time(const tls_way& way) {
  return fmt::format("Make a new certificate for {0} (tls-server-cert-file there), or set the "
                     "clocks. Try there: openssl x509 -noout -dates -in CERTIFICATE",
                     way.host);
}

std::string our_certificate(const tls_way& way) {
  return fmt::format("The server does not take the certificate of this host, {0}-cert-file ({1}). "
                     "tls-server-ca-file on {2} must be the authority that signed it, and it must "
                     "be valid. Try: openssl x509 -noout -issuer -dates -in {1}",
                     way.prefix, way.cert_file, way.host);
}

std::string no_rule(const tls_way& way) {
  return fmt::format(
      "tls-server-auth on {} needs a line that gives the common name of {}-cert-file "
      "the stanza{}. Try: openssl x509 -noout -subject -in {}",
      way.host, way.prefix, way.stanza.empty() ? "s ('*')" : " '" + way.stanza + "'",
      way.cert_file);
}

constexpr auto causes = std::to_array<cause>({
    {"unable to get address for", unknown_name},
    {"Connection refused", nobody_listens},
    {"hostname mismatch", wrong_host_name},
    {"IP address mismatch", wrong_host_name},
    {"has expired", wrong_time},
    {"not yet valid", wrong_time},
    {"unable to verify the certificate of", wrong_authority},
    {"access denied by the TLS server of", our_certificate},
    {"access denied", no_rule},
    {"does not speak HTTP/2", no_tls},
    {"TLS handshake with", no_tls},
    {"timed out", no_answer},
    {"No route to host", no_answer},
    {"unreachable", no_answer},
});

} // namespace

error with_hint(error what, const tls_way& way) {
  if (!what.hint.empty())
    return what;
  for (const auto& one : causes) {
    if (what.message.find(one.says) == std::string::npos)
      continue;
    what.hint = one.hint(way);
    break;
  }
  return what;
}

} // namespace pgbraid::cli

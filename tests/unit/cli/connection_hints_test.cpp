// Tests of what is said when another host cannot be reached over TLS.
// SPDX-License-Identifier: MIT
#include "cli/open/connection_hints.hpp"

#include <doctest/doctest.h>

#include <utility>
#include <vector>

using namespace pgbraid;

TEST_CASE("connection hints: each cause has its own, with the line to set or the command to try") {
  const cli::tls_way way{.prefix = "pg1-host",
                         .host = "db1",
                         .port = "8432",
                         .cert_file = "/c/own.crt",
                         .ca_file = "/c/ca.crt",
                         .stanza = "demo"};
  const std::vector<std::pair<const char*, const char*>> all = {
      {"unable to get address for 'db1': [-2] Name or service not known", "getent hosts db1"},
      {"unable to connect to 'db1:8432 (10.0.0.1)': [111] Connection refused",
       "tls-server-address"},
      {"unable to connect to 'db1:8432 (10.0.0.1)': [110] Connection timed out", "firewalls"},
      {"unable to verify the certificate of 'db1': [62] hostname mismatch",
       "subjectAltName=DNS:db1"},
      {"unable to verify the certificate of 'db1': [10] certificate has expired", "-dates"},
      {"unable to verify the certificate of 'db1': [20] unable to get local issuer certificate",
       "pg1-host-ca-file"},
      {"access denied by the TLS server of 'db1': tlsv1 alert unknown ca", "pg1-host-cert-file"},
      {"raised from remote-0 tls protocol on 'db1': access denied", "tls-server-auth"},
      {"TLS handshake with 'db1' failed: wrong version number", "pg1-host-port"}};
  for (size_t i = 0; i < all.size(); ++i) {
    CAPTURE(all[i].first);
    const auto told = cli::with_hint({errc::host_connect, all[i].first}, way);
    CHECK(told.message == all[i].first);
    CHECK(told.hint.find(all[i].second) != std::string::npos);
    CHECK(told.hint.find("pg1-path") == std::string::npos);
    for (size_t j = 0; j < i; ++j)
      CHECK(told.hint != cli::with_hint({errc::host_connect, all[j].first}, way).hint);
  }
  CHECK(cli::with_hint({errc::access, "access denied: x", "mine"}, way).hint == "mine");
  CHECK(cli::with_hint({errc::unknown, "something else"}, way).hint.empty());
}

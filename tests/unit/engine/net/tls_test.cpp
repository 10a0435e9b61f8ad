// TLS between two ends, and everything a certificate can be refused for. The numbers in brackets
// are OpenSSL's verification results.
// SPDX-License-Identifier: MIT
#include "engine/net/tls_client.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/engine/net/certificates.hpp"

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include <array>
#include <future>

using namespace pgbraid;
using namespace pgbraid::net;
using namespace pgbraid::test;
using std::chrono::milliseconds;

namespace {

using shaken = result<tls_connection>;

tls_context good(result<tls_context> made) {
  REQUIRE_MESSAGE(made, (made ? "" : made.failure().text()));
  return *made;
}

std::string bad(tls_side side, const tls_files& files) {
  const auto made = tls_context::make(side, files);
  REQUIRE_FALSE(made);
  return std::to_string(static_cast<int>(made.failure().code)) + ": " + made.failure().message;
}

struct both_ends {
  shaken client;
  shaken server;
};

std::array<io::unique_fd, 2> socket_pair() {
  std::array<int, 2> fds = {};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()) == 0);
  return {io::unique_fd(fds[0]), io::unique_fd(fds[1])};
}

both_ends shake(const tls_context& client, const tls_context& server,
                const std::string& host = "localhost", milliseconds limit = milliseconds(5000)) {
  auto sockets = socket_pair();
  const auto until = monotonic::now() + limit;
  auto other = std::async(std::launch::async, [&] {
    return net::shake_hands(server, std::move(sockets[1]), "10.0.0.9", until);
  });
  auto ours = net::shake_hands(client, std::move(sockets[0]), host, until);
  return {std::move(ours), other.get()};
}

/// The error that the first read of a connection gives.
std::string first_read(tls_connection& on) {
  std::array<std::byte, 64> bytes;
  for (int i = 0; i < 100; ++i) {
    const auto got = on.over->read(bytes);
    if (!got)
      return std::to_string(static_cast<int>(got.failure().code)) + ": " + got.failure().message;
    if (got->closed)
      return "closed";
    pollfd one = {on.over->read_fd(), POLLIN, 0};
    ::poll(&one, 1, 100);
  }
  return "nothing";
}

struct rig {
  scratch dir;
  authority ca{dir, "ca"};

  rig() {
    ::signal(SIGPIPE, SIG_IGN); // as the program does
    ca.issue({.name = "server",
              .common_names = {"server"},
              .alternative_names = "DNS:localhost,IP:127.0.0.1"});
    ca.issue({.name = "client", .common_names = {"client"}});
  }
  tls_context server(const std::string& name = "server") {
    return good(tls_context::make(tls_side::server, ca.files(name)));
  }
  tls_context client(const std::string& name = "client") {
    return good(tls_context::make(tls_side::client, ca.files(name)));
  }
};

std::string message(const shaken& of) {
  return of ? "shook hands"
            : std::to_string(static_cast<int>(of.failure().code)) + ": " + of.failure().message;
}

} // namespace

TEST_CASE_FIXTURE(rig, "tls: two ends with good certificates know each other and carry bytes") {
  auto ends = shake(client(), server());
  REQUIRE_MESSAGE(ends.client, message(ends.client));
  REQUIRE_MESSAGE(ends.server, message(ends.server));
  CHECK(ends.server->common_name == "client");
  std::string sent(3 << 20, 'x');
  for (size_t i = 0; i < sent.size(); ++i)
    sent[i] = static_cast<char>(i * 2654435761U >> 13);
  std::string received;
  std::vector<std::byte> part(100'000);
  size_t put = 0;
  while (received.size() < sent.size()) {
    const auto wrote = ends.client->over->write(as_bytes(sent).subspan(put));
    REQUIRE(wrote);
    put += wrote->bytes;
    const auto got = ends.server->over->read(part);
    REQUIRE(got);
    received += as_text(byte_view(part).first(got->bytes));
  }
  CHECK(received == sent);
  ends.client->over->close();
  ends.client->over->close();
  CHECK(first_read(*ends.server) == "closed");
}

TEST_CASE_FIXTURE(rig, "tls: an end that vanishes is an end") {
  auto ends = shake(client(), server());
  REQUIRE(ends.client);
  ::shutdown(ends.client->over->write_fd(), SHUT_RDWR);
  CHECK(first_read(*ends.server) == "closed");
}

TEST_CASE_FIXTURE(rig, "tls: the server's certificate must be for the host and from the CA") {
  hostile("connections without certificate, rule or greeting", 4);
  CHECK(message(shake(client(), server(), "127.0.0.1").client) == "shook hands");
  CHECK(message(shake(client(), server(), "elsewhere").client) ==
        "95: unable to verify the certificate of 'elsewhere': [62] hostname mismatch");
  CHECK(message(shake(client(), server(), "127.0.0.2").client) ==
        "95: unable to verify the certificate of '127.0.0.2': [64] IP address mismatch");
  ca.issue({.name = "old",
            .common_names = {"old"},
            .alternative_names = "DNS:localhost",
            .valid_from_s = -7200,
            .valid_to_s = -3600});
  CHECK(message(shake(client(), server("old")).client) ==
        "95: unable to verify the certificate of 'localhost': [10] certificate has expired");
  authority other(dir, "other");
  auto strict = ca.files("client");
  strict.ca_file = other.file("other.crt");
  const auto from_other = good(tls_context::make(tls_side::client, strict));
  CHECK(message(shake(from_other, server()).client)
            .starts_with("95: unable to verify the certificate of 'localhost': ["));
}

TEST_CASE_FIXTURE(rig, "tls: a client without a good certificate is refused, and learns why") {
  const auto refused = [&](const tls_context& with, const std::string& why,
                           const std::string& learned) {
    hostile("connections without certificate, rule or greeting");
    auto ends = shake(with, server());
    CHECK(message(ends.server) == why);
    // With TLS 1.3 the client is done before the server looks at its certificate.
    REQUIRE(ends.client);
    CHECK(first_read(*ends.client) ==
          "105: access denied by the TLS server of 'localhost': " + learned);
  };
  auto nobody = ca.files("client");
  nobody.cert_file.clear();
  refused(good(tls_context::make(tls_side::client, nobody)),
          "39: TLS handshake with '10.0.0.9' failed: peer did not return a certificate",
          "tlsv13 alert certificate required");
  ca.issue({.name = "old", .common_names = {"old"}, .valid_from_s = -7200, .valid_to_s = -3600});
  refused(client("old"),
          "95: unable to verify the certificate of '10.0.0.9': [10] certificate has expired",
          "sslv3 alert certificate expired");
  authority other(dir, "other");
  other.issue({.name = "foreign", .common_names = {"client"}});
  refused(client("foreign"),
          "95: unable to verify the certificate of '10.0.0.9': [20] unable to get local issuer "
          "certificate",
          "tlsv1 alert unknown ca");
}

TEST_CASE_FIXTURE(rig, "tls: a revocation list in the CA file is honoured") {
  hostile("connections without certificate, rule or greeting");
  ca.issue({.name = "lost", .common_names = {"lost"}});
  ca.revoke("lost");
  CHECK(message(shake(client("lost"), server()).server) ==
        "95: unable to verify the certificate of '10.0.0.9': [23] certificate revoked");
  CHECK(message(shake(client(), server()).server) == "shook hands");
}

TEST_CASE_FIXTURE(rig, "tls: a client is known by exactly one name") {
  ca.issue({.name = "two", .common_names = {"client", "admin"}});
  ca.issue({.name = "none", .common_names = {}, .alternative_names = "DNS:client"});
  ca.issue({.name = "nul", .common_names = {std::string("client\0.evil", 12)}});
  ca.issue({.name = "bell", .common_names = {"client\a"}});
  for (const auto* name : {"two", "none", "nul", "bell"}) {
    hostile("connections without certificate, rule or greeting");
    CHECK(message(shake(client(name), server()).server) ==
          "95: the certificate of '10.0.0.9' has no usable common name");
  }
}

TEST_CASE_FIXTURE(rig, "tls: a ping looks at nothing") {
  ca.issue({.name = "old", .common_names = {"old"}, .valid_from_s = -7200, .valid_to_s = -3600});
  const auto ping = good(tls_context::make(tls_side::ping, {}));
  CHECK(message(shake(ping, server("old"), "anywhere").client) == "shook hands");
}

TEST_CASE_FIXTURE(rig, "tls: files that cannot be used are named") {
  auto files = ca.files("client");
  files.cert_file = dir / "nothing.crt";
  CHECK(bad(tls_side::client, files) ==
        "95: unable to use the certificate '" + files.cert_file + "': No such file or directory");
  files = ca.files("client");
  files.key_file = dir / "nothing.key";
  CHECK(bad(tls_side::client, files) ==
        "95: unable to use the key '" + files.key_file + "': [2] No such file or directory");
  files.key_file = ca.file("server.key");
  CHECK(bad(tls_side::client, files).starts_with("95: unable to use the key '"));
  files = ca.files("client");
  files.ca_file = dir / "nothing.crt";
  CHECK(bad(tls_side::server, files).starts_with("95: unable to use the CA file '"));
  std::ofstream(dir / "junk.crt") << "junk\n";
  files.ca_file = dir / "junk.crt";
  CHECK(bad(tls_side::server, files).starts_with("95: unable to use the CA file '"));
  files = ca.files("client");
  files.ca_path = dir / "client.crt";
  CHECK(bad(tls_side::client, files).ends_with("it is no directory"));
  files = ca.files("client");
  files.ciphers_13 = "ROT13";
  CHECK(bad(tls_side::client, files).starts_with("95: unable to use the ciphers 'ROT13': "));
  files = ca.files("client");
  std::filesystem::permissions(files.key_file, std::filesystem::perms(0644));
  CHECK(bad(tls_side::client, files) ==
        "83: the key '" + files.key_file + "' is open to others than its owner");
}

TEST_CASE_FIXTURE(rig, "tls: an end that speaks something else is refused") {
  for (const std::string words : {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
                                  "{\"name\":\"pgBackRest\",\"service\":\"remote\"}\n"}) {
    hostile("output that is no protocol");
    auto sockets = socket_pair();
    REQUIRE(::write(sockets[0].get(), words.data(), words.size()) > 0);
    ::shutdown(sockets[0].get(), SHUT_WR);
    CHECK(message(net::shake_hands(server(), std::move(sockets[1]), "10.0.0.9",
                                   monotonic::now() + milliseconds(5000)))
              .starts_with("39: TLS handshake with '10.0.0.9' failed: "));
  }
}

TEST_CASE_FIXTURE(rig, "tls: only HTTP/2 is spoken inside") {
  hostile("output that is no protocol");
  auto sockets = socket_pair();
  auto other = std::async(std::launch::async, [&] {
    return net::shake_hands(server(), std::move(sockets[1]), "10.0.0.9",
                            monotonic::now() + milliseconds(5000));
  });
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()),
                                                                  SSL_CTX_free);
  SSL_CTX_use_certificate_chain_file(context.get(), ca.file("client.crt").c_str());
  SSL_CTX_use_PrivateKey_file(context.get(), ca.file("client.key").c_str(), SSL_FILETYPE_PEM);
  const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context.get()), SSL_free);
  SSL_set_fd(ssl.get(), sockets[0].get());
  CHECK(SSL_connect(ssl.get()) == 1);
  CHECK(message(other.get()) == "39: '10.0.0.9' does not speak HTTP/2 over TLS");
}

TEST_CASE_FIXTURE(rig, "tls: ciphers with CBC only where they are asked for") {
  hostile("connections without certificate, rule or greeting");
  const auto only_12 = [](tls_context with) {
    SSL_CTX_set_max_proto_version(with.get(), TLS1_2_VERSION);
    return with;
  };
  CHECK(message(shake(only_12(client()), server()).client) == "shook hands");
  auto asking = ca.files("client");
  asking.ciphers_12 = "AES128-SHA:ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:"
                      "ECDHE-ECDSA-AES128-SHA256:ECDHE-RSA-AES128-SHA256";
  const auto cbc = only_12(good(tls_context::make(tls_side::client, asking)));
  CHECK(message(shake(cbc, server()).client) != "shook hands");
  auto serving = ca.files("server");
  serving.ciphers_12 = asking.ciphers_12;
  CHECK(message(shake(cbc, good(tls_context::make(tls_side::server, serving))).client) ==
        "shook hands");
}

TEST_CASE_FIXTURE(rig, "tls: an end that says nothing does not keep us") {
  hostile("connections without certificate, rule or greeting");
  auto sockets = socket_pair();
  CHECK(message(net::shake_hands(server(), std::move(sockets[1]), "10.0.0.9",
                                 monotonic::now() + milliseconds(50))) ==
        "49: TLS handshake with '10.0.0.9' timed out");
}

TEST_CASE_FIXTURE(rig, "tls: connecting is tried again until time is over") {
  uint16_t port = 0;
  {
    auto listeners = net::listen_tcp("127.0.0.1", 0);
    REQUIRE(listeners);
    sockaddr_in address = {};
    socklen_t size = sizeof(address);
    REQUIRE(::getsockname(listeners->front().get(), reinterpret_cast<sockaddr*>(&address), &size) ==
            0);
    port = ntohs(address.sin_port);
    auto taker = std::async(std::launch::async, [&] {
      pollfd one = {listeners->front().get(), POLLIN, 0};
      ::poll(&one, 1, 5000);
      auto came = net::accept_tcp(one.fd, {});
      REQUIRE(came);
      REQUIRE(*came);
      CHECK((*came)->from == "127.0.0.1");
      return net::shake_hands(server(), std::move((*came)->socket), (*came)->from,
                              monotonic::now() + milliseconds(5000));
    });
    CHECK(net::connect_tls(client(), {.host = "127.0.0.1", .port = port}));
    CHECK(message(taker.get()) == "shook hands");
  }
  const auto refused =
      net::connect_tls(client(), {.host = "127.0.0.1", .port = port, .limit = milliseconds(250)});
  REQUIRE_FALSE(refused);
  CHECK(refused.failure().code == errc::host_connect);
  const auto shown = "unable to connect to '127.0.0.1:" + std::to_string(port) +
                     " (127.0.0.1)': [111] Connection refused\n[HostConnectError] on ";
  CHECK(refused.failure().message.starts_with(shown));
}

TEST_CASE_FIXTURE(rig, "tls: a host that does not exist is not waited for") {
  // No label of a name has 70 letters, whatever name service answers here.
  const auto missing = net::connect_tls(
      client(), {.host = std::string(70, 'x'), .port = 8432, .limit = std::chrono::hours(1)});
  REQUIRE_FALSE(missing);
  CHECK(missing.failure().code == errc::host_connect);
  CHECK(missing.failure().message.starts_with("unable to get address for 'xxx"));
}

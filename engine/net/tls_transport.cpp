// A transport over TLS.
// SPDX-License-Identifier: MIT
#include "engine/net/tls_transport.hpp"

#include "engine/base/printable.hpp"
#include "engine/base/stop_signal.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

namespace pgbraid::net {

namespace {

using std::chrono::milliseconds;

struct free_ssl {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};
using ssl_handle = std::unique_ptr<SSL, free_ssl>;

/// Alerts of a server that does not like the certificate it was shown.
bool is_refusal(unsigned long code) {
  constexpr auto reasons = std::to_array<int>(
      {SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED, SSL_R_SSLV3_ALERT_BAD_CERTIFICATE,
       SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE, SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED,
       SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED, SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN,
       SSL_R_TLSV1_ALERT_UNKNOWN_CA, SSL_R_TLSV1_ALERT_ACCESS_DENIED,
       SSL_R_TLSV1_ALERT_DECRYPT_ERROR});
  return std::find(reasons.begin(), reasons.end(), ERR_GET_REASON(code)) != reasons.end();
}

/// Waits until the socket can go on, in slices, so that a signal is noticed.
result<bool> wait_for(int fd, short events, monotonic::time_point until) {
  constexpr auto slice = milliseconds(100);
  for (;;) {
    const auto left = std::chrono::duration_cast<milliseconds>(until - monotonic::now());
    if (left.count() <= 0)
      return false;
    if (stop_signal != 0)
      return error{errc::term, "terminated while TLS was set up"};
    pollfd one = {fd, events, 0};
    const int ready = ::poll(&one, 1, static_cast<int>(std::min(left, slice).count()));
    if (ready > 0)
      return true;
  }
}

class tls_transport final : public transport {
public:
  tls_transport(ssl_handle ssl, io::unique_fd socket, std::string host)
      : ssl_(std::move(ssl)), socket_(std::move(socket)), host_(std::move(host)) {}
  ~tls_transport() override { close(); }

  result<progress> read(byte_span out) override {
    size_t got = 0;
    while (got < out.size()) {
      size_t bytes = 0;
      ERR_clear_error();
      const int done = SSL_read_ex(ssl_.get(), out.data() + got, out.size() - got, &bytes);
      if (done == 1) {
        got += bytes;
        continue;
      }
      // What came before is handed out first; the state comes again with the next call.
      return got > 0 ? progress{.bytes = got} : state_after(done, true);
    }
    return progress{.bytes = got};
  }

  result<progress> write(byte_view in) override {
    size_t put = 0;
    ERR_clear_error();
    const int done = SSL_write_ex(ssl_.get(), in.data(), in.size(), &put);
    if (done == 1)
      return progress{.bytes = put};
    return state_after(done, false);
  }

  int read_fd() const override { return socket_.get(); }
  int write_fd() const override { return socket_.get(); }

  void close() override {
    if (!socket_)
      return;
    if (!failed_) {
      ERR_clear_error();
      SSL_shutdown(ssl_.get());
      ERR_clear_error();
    }
    ssl_.reset();
    socket_.reset();
  }

private:
  result<progress> state_after(int done, bool reading) {
    const int system = errno;
    switch (SSL_get_error(ssl_.get(), done)) {
    case SSL_ERROR_WANT_READ:
      return progress{.waits_for = readiness::readable};
    case SSL_ERROR_WANT_WRITE:
      return progress{.waits_for = readiness::writable};
    case SSL_ERROR_ZERO_RETURN:
      if (reading)
        return progress{.closed = true};
      break;
    case SSL_ERROR_SYSCALL:
      failed_ = true;
      return system_error(errc::protocol, fmt::format("connection to '{}' broke", host_),
                          system == 0 ? ECONNRESET : system);
    default:
      break;
    }
    failed_ = true;
    const auto code = ERR_peek_last_error();
    // An end without goodbye is what a killed process leaves behind.
    if (reading && ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
      ERR_clear_error();
      return progress{.closed = true};
    }
    const auto kind = is_refusal(code) ? errc::access : errc::protocol;
    return error{kind, fmt::format("{} '{}': {}",
                                   kind == errc::access ? "access denied by the TLS server of"
                                                        : "TLS broke on the connection to",
                                   host_, tls_reason())};
  }

  ssl_handle ssl_;
  io::unique_fd socket_;
  const std::string host_;
  bool failed_ = false; ///< OpenSSL allows no goodbye then
};

/// The server's certificate must be for the name or address that we connected to.
bool expect_name(SSL* ssl, const std::string& host) {
  in6_addr address = {};
  const bool numeric = ::inet_pton(AF_INET, host.c_str(), &address) == 1 ||
                       ::inet_pton(AF_INET6, host.c_str(), &address) == 1;
  if (numeric)
    return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) == 1;
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return SSL_set1_host(ssl, host.c_str()) == 1 && SSL_set_tlsext_host_name(ssl, host.c_str()) == 1;
}

error handshake_error(const tls_context& with, SSL* ssl, const std::string& host, int system) {
  const auto verified = SSL_get_verify_result(ssl);
  const auto code = ERR_peek_last_error();
  if (verified != X509_V_OK && with.side() != tls_side::ping) {
    ERR_clear_error();
    return {errc::crypto, fmt::format("unable to verify the certificate of '{}': [{}] {}", host,
                                      verified, X509_verify_cert_error_string(verified))};
  }
  if (code != 0 && is_refusal(code) && with.side() != tls_side::server)
    return {errc::access,
            fmt::format("access denied by the TLS server of '{}': {}", host, tls_reason())};
  if (code == 0 || ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
    ERR_clear_error();
    return system_error(errc::host_connect, fmt::format("TLS handshake with '{}' failed", host),
                        system == 0 ? ECONNRESET : system);
  }
  return {errc::protocol, fmt::format("TLS handshake with '{}' failed: {}", host, tls_reason())};
}

result<void> run_handshake(const tls_context& with, SSL* ssl, int fd, const std::string& host,
                           monotonic::time_point until) {
  for (;;) {
    ERR_clear_error();
    const int done = with.side() == tls_side::server ? SSL_accept(ssl) : SSL_connect(ssl);
    if (done == 1)
      return success();
    const int system = errno;
    const int wants = SSL_get_error(ssl, done);
    if (wants != SSL_ERROR_WANT_READ && wants != SSL_ERROR_WANT_WRITE)
      return handshake_error(with, ssl, host, system);
    auto ready = wait_for(fd, wants == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, until);
    if (!ready)
      return ready.failure();
    if (!*ready)
      return error{errc::host_connect, fmt::format("TLS handshake with '{}' timed out", host)};
  }
}

result<void> check_h2(SSL* ssl, const std::string& host) {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl, &name, &size);
  if (std::string_view(reinterpret_cast<const char*>(name), size) == "h2")
    return success();
  return error{errc::protocol, fmt::format("'{}' does not speak HTTP/2 over TLS", host)};
}

/// The one common name of the other end's certificate.
result<std::string> common_name(SSL* ssl, const std::string& host) {
  const error bad{errc::crypto,
                  fmt::format("the certificate of '{}' has no usable common name", host)};
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(SSL_get1_peer_certificate(ssl),
                                                                X509_free);
  if (!certificate)
    return bad;
  auto* subject = X509_get_subject_name(certificate.get());
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0)
    return bad;
  unsigned char* text = nullptr;
  const int size =
      ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  if (size <= 0)
    return bad;
  std::string name(reinterpret_cast<const char*>(text), static_cast<size_t>(size));
  OPENSSL_free(text);
  // A NUL would let one name pass for another.
  if (name.find('\0') != std::string::npos || printable(name) != name)
    return bad;
  return name;
}

/// After a refusal the other end may still be sending. Closing at once would answer that with a
/// reset, which can overtake the alert that says why.
void linger(int fd) {
  constexpr auto limit = milliseconds(1000);
  ::shutdown(fd, SHUT_WR);
  std::array<char, 4096> dropped;
  const auto until = monotonic::now() + limit;
  for (int reads = 0; reads < 64; ++reads) {
    const auto ready = wait_for(fd, POLLIN, until);
    if (!ready || !*ready || ::read(fd, dropped.data(), dropped.size()) <= 0)
      return;
  }
}

} // namespace

result<tls_connection> shake_hands(const tls_context& with, io::unique_fd socket,
                                   const std::string& host, monotonic::time_point until) {
  const int fd = socket.get();
  ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
  ERR_clear_error();
  ssl_handle ssl(SSL_new(with.get()));
  if (!ssl || SSL_set_fd(ssl.get(), fd) != 1 ||
      (with.side() == tls_side::client && !expect_name(ssl.get(), host)))
    return error{errc::crypto, "unable to prepare TLS: " + tls_reason()};
  if (auto done = run_handshake(with, ssl.get(), fd, host, until); !done) {
    if (with.side() == tls_side::server)
      linger(fd);
    return done.failure();
  }
  if (auto h2 = check_h2(ssl.get(), host); !h2)
    return h2.failure();
  tls_connection out;
  if (with.side() != tls_side::ping) {
    auto name = common_name(ssl.get(), host);
    // A server is known by its alternative names too; a client only by this one.
    if (!name && with.side() == tls_side::server)
      return name.failure();
    if (name)
      out.common_name = std::move(*name);
  }
  out.over = std::make_unique<tls_transport>(std::move(ssl), std::move(socket), host);
  return out;
}

} // namespace pgbraid::net

// Certificates, keys and ciphers of one end of TLS connections.
// SPDX-License-Identifier: MIT
#include "engine/net/tls_context.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace pgbraid::net {

namespace {

/// ALPN's name of HTTP/2, with its length before it.
constexpr std::string_view alpn_h2 = "\x02h2";

/// What HTTP/2 asks of TLS 1.2: fresh keys for each connection, and no CBC.
const std::string modern_ciphers_12 = "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:DHE+CHACHA20";

error unusable(std::string_view what, const std::string& name) {
  return {errc::crypto, fmt::format("unable to use the {} '{}': {}", what, name, tls_reason())};
}

/// A key is for its owner; one of root may also be for a group.
result<void> check_key_mode(const std::string& path) {
  struct stat about = {};
  if (::stat(path.c_str(), &about) != 0)
    return system_error(errc::crypto, fmt::format("unable to use the key '{}'", path), errno);
  const bool ours = about.st_uid == ::geteuid();
  if (!ours && about.st_uid != 0)
    return error{
        errc::file_owner,
        fmt::format("the key '{}' must belong to the user of this program or to root", path)};
  const mode_t forbidden = about.st_uid == 0 ? S_IWGRP | S_IXGRP | S_IRWXO : S_IRWXG | S_IRWXO;
  if (about.st_mode & forbidden)
    return error{errc::file_mode,
                 fmt::format("the key '{}' is open to others than its owner", path),
                 "Its mode must be 0600 or less, or 0640 or less when root owns it."};
  return success();
}

result<void> load_identity(SSL_CTX* into, const tls_files& from) {
  if (from.cert_file.empty())
    return success();
  if (SSL_CTX_use_certificate_chain_file(into, from.cert_file.c_str()) != 1)
    return unusable("certificate", from.cert_file);
  if (auto safe = check_key_mode(from.key_file); !safe)
    return safe;
  if (SSL_CTX_use_PrivateKey_file(into, from.key_file.c_str(), SSL_FILETYPE_PEM) != 1)
    return unusable("key", from.key_file);
  if (SSL_CTX_check_private_key(into) != 1)
    return error{errc::crypto, fmt::format("the key '{}' does not belong to the certificate '{}'",
                                           from.key_file, from.cert_file)};
  return success();
}

/// Certificates of CAs and, where the file has them, lists of what they revoked.
result<void> load_ca_file(SSL_CTX* into, const std::string& path) {
  auto* store = SSL_CTX_get_cert_store(into);
  auto* lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());
  if (!lookup || X509_load_cert_crl_file(lookup, path.c_str(), X509_FILETYPE_PEM) < 1)
    return unusable("CA file", path);
  const auto* objects = X509_STORE_get0_objects(store);
  for (int i = 0; i < sk_X509_OBJECT_num(objects); ++i) {
    if (X509_OBJECT_get_type(sk_X509_OBJECT_value(objects, i)) == X509_LU_CRL)
      X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
  }
  return success();
}

result<void> load_authorities(SSL_CTX* into, const tls_files& from) {
  if (!from.ca_file.empty()) {
    if (auto loaded = load_ca_file(into, from.ca_file); !loaded)
      return loaded;
  }
  if (!from.ca_path.empty()) {
    struct stat about = {};
    if (::stat(from.ca_path.c_str(), &about) != 0 || !S_ISDIR(about.st_mode))
      return error{errc::crypto,
                   fmt::format("unable to use the CA path '{}': it is no directory", from.ca_path)};
    if (SSL_CTX_load_verify_dir(into, from.ca_path.c_str()) != 1)
      return unusable("CA path", from.ca_path);
  }
  if (from.ca_file.empty() && from.ca_path.empty() && SSL_CTX_set_default_verify_paths(into) != 1)
    return unusable("CAs of the system in", X509_get_default_cert_dir());
  return success();
}

result<void> set_ciphers(SSL_CTX* into, const tls_files& from) {
  const auto& ciphers_12 = from.ciphers_12.empty() ? modern_ciphers_12 : from.ciphers_12;
  if (SSL_CTX_set_cipher_list(into, ciphers_12.c_str()) != 1)
    return unusable("ciphers", ciphers_12);
  if (!from.ciphers_13.empty() && SSL_CTX_set_ciphersuites(into, from.ciphers_13.c_str()) != 1)
    return unusable("ciphers", from.ciphers_13);
  return success();
}

extern "C" int choose_h2(SSL*, const unsigned char** chosen, unsigned char* chosen_size,
                         const unsigned char* offered, unsigned int offered_size, void*) {
  const auto* ours = reinterpret_cast<const unsigned char*>(alpn_h2.data());
  unsigned char* found = nullptr;
  if (SSL_select_next_proto(&found, chosen_size, ours, alpn_h2.size(), offered, offered_size) !=
      OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

void set_protocols(SSL_CTX* into, tls_side side) {
  SSL_CTX_set_min_proto_version(into, TLS1_2_VERSION);
  SSL_CTX_set_options(into, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_num_tickets(into, 0); // nothing is resumed
  SSL_CTX_set_session_cache_mode(into, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(into, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                             SSL_MODE_RELEASE_BUFFERS);
  if (side == tls_side::server)
    SSL_CTX_set_alpn_select_cb(into, choose_h2, nullptr);
  else
    SSL_CTX_set_alpn_protos(into, reinterpret_cast<const unsigned char*>(alpn_h2.data()),
                            alpn_h2.size());
}

int verify_mode(tls_side side) {
  switch (side) {
  case tls_side::client:
    return SSL_VERIFY_PEER;
  case tls_side::server:
    return SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  case tls_side::ping:
    return SSL_VERIFY_NONE;
  }
  return SSL_VERIFY_PEER;
}

} // namespace

std::string tls_reason() {
  const auto code = ERR_peek_error(); // the first is the cause
  ERR_clear_error();
  if (code == 0)
    return "unknown reason";
  // A failure of the system has no text of OpenSSL's.
  if (ERR_SYSTEM_ERROR(code))
    return std::strerror(ERR_GET_REASON(code));
  const char* text = ERR_reason_error_string(code);
  return text ? text : fmt::format("OpenSSL error {:08x}", code);
}

result<tls_context> tls_context::make(tls_side side, const tls_files& from) {
  ERR_clear_error();
  tls_context out;
  out.side_ = side;
  const auto* method = side == tls_side::server ? TLS_server_method() : TLS_client_method();
  out.context_ = std::shared_ptr<SSL_CTX>(SSL_CTX_new(method), SSL_CTX_free);
  if (!out.context_)
    return error{errc::crypto, "unable to prepare TLS: " + tls_reason()};
  set_protocols(out.get(), side);
  SSL_CTX_set_verify(out.get(), verify_mode(side), nullptr);
  for (auto step : {load_identity, load_authorities, set_ciphers}) {
    if (side == tls_side::ping && step != set_ciphers)
      continue;
    if (auto done = step(out.get(), from); !done)
      return done.failure();
  }
  return out;
}

} // namespace pgbraid::net

// The functions of libssl that we call, each passed on to the library.
// SPDX-License-Identifier: MIT
#include "engine/base/late_function.hpp"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace {

/// The interface of OpenSSL 3.
pgbraid::late_library& libssl() {
  static pgbraid::late_library one("libssl.so.3");
  return one;
}

} // namespace

extern "C" {

// clang-format off
PGBRAID_LATE_1(libssl(), SSL_CTX_check_private_key)
PGBRAID_LATE_4(libssl(), SSL_CTX_ctrl)
PGBRAID_LATE_1(libssl(), SSL_CTX_free)
PGBRAID_LATE_1(libssl(), SSL_CTX_get_cert_store)
PGBRAID_LATE_2(libssl(), SSL_CTX_load_verify_dir)
PGBRAID_LATE_1(libssl(), SSL_CTX_new)
PGBRAID_LATE_3(libssl(), SSL_CTX_set_alpn_protos)
PGBRAID_LATE_3(libssl(), SSL_CTX_set_alpn_select_cb)
PGBRAID_LATE_2(libssl(), SSL_CTX_set_cipher_list)
PGBRAID_LATE_2(libssl(), SSL_CTX_set_ciphersuites)
PGBRAID_LATE_1(libssl(), SSL_CTX_set_default_verify_paths)
PGBRAID_LATE_2(libssl(), SSL_CTX_set_num_tickets)
PGBRAID_LATE_2(libssl(), SSL_CTX_set_options)
PGBRAID_LATE_3(libssl(), SSL_CTX_set_verify)
PGBRAID_LATE_3(libssl(), SSL_CTX_use_PrivateKey_file)
PGBRAID_LATE_2(libssl(), SSL_CTX_use_certificate_chain_file)
PGBRAID_LATE_1(libssl(), SSL_accept)
PGBRAID_LATE_1(libssl(), SSL_connect)
PGBRAID_LATE_4(libssl(), SSL_ctrl)
PGBRAID_LATE_1(libssl(), SSL_free)
PGBRAID_LATE_3(libssl(), SSL_get0_alpn_selected)
PGBRAID_LATE_1(libssl(), SSL_get0_param)
PGBRAID_LATE_1(libssl(), SSL_get1_peer_certificate)
PGBRAID_LATE_2(libssl(), SSL_get_error)
PGBRAID_LATE_1(libssl(), SSL_get_verify_result)
PGBRAID_LATE_1(libssl(), SSL_new)
PGBRAID_LATE_4(libssl(), SSL_read_ex)
PGBRAID_LATE_6(libssl(), SSL_select_next_proto)
PGBRAID_LATE_2(libssl(), SSL_set1_host)
PGBRAID_LATE_2(libssl(), SSL_set_fd)
PGBRAID_LATE_2(libssl(), SSL_set_hostflags)
PGBRAID_LATE_1(libssl(), SSL_shutdown)
PGBRAID_LATE_4(libssl(), SSL_write_ex)
PGBRAID_LATE_0(libssl(), TLS_client_method)
PGBRAID_LATE_0(libssl(), TLS_server_method)
// clang-format on

} // extern "C"

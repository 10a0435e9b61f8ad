// The functions of libcrypto that we call, each passed on to the library.
// SPDX-License-Identifier: MIT
#include "engine/base/late_function.hpp"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

namespace {

/// The interface of OpenSSL 3.
pgbraid::late_library& libcrypto() {
  static pgbraid::late_library one("libcrypto.so.3");
  return one;
}

} // namespace

extern "C" {

// clang-format off
PGBRAID_LATE_2(libcrypto(), ASN1_STRING_to_UTF8)
PGBRAID_LATE_1(libcrypto(), BIO_free)
PGBRAID_LATE_2(libcrypto(), BIO_new_mem_buf)
PGBRAID_LATE_3(libcrypto(), CRYPTO_free)
PGBRAID_LATE_0(libcrypto(), ERR_clear_error)
PGBRAID_LATE_0(libcrypto(), ERR_peek_error)
PGBRAID_LATE_0(libcrypto(), ERR_peek_last_error)
PGBRAID_LATE_1(libcrypto(), ERR_reason_error_string)
PGBRAID_LATE_8(libcrypto(), EVP_BytesToKey)
PGBRAID_LATE_1(libcrypto(), EVP_CIPHER_CTX_free)
PGBRAID_LATE_0(libcrypto(), EVP_CIPHER_CTX_new)
PGBRAID_LATE_2(libcrypto(), EVP_CIPHER_CTX_set_padding)
PGBRAID_LATE_5(libcrypto(), EVP_DecryptInit_ex)
PGBRAID_LATE_5(libcrypto(), EVP_DecryptUpdate)
PGBRAID_LATE_6(libcrypto(), EVP_Digest)
PGBRAID_LATE_3(libcrypto(), EVP_DigestFinal_ex)
PGBRAID_LATE_3(libcrypto(), EVP_DigestInit_ex)
PGBRAID_LATE_5(libcrypto(), EVP_DigestSign)
PGBRAID_LATE_5(libcrypto(), EVP_DigestSignInit)
PGBRAID_LATE_3(libcrypto(), EVP_DigestUpdate)
PGBRAID_LATE_3(libcrypto(), EVP_DecodeBlock)
PGBRAID_LATE_3(libcrypto(), EVP_EncodeBlock)
PGBRAID_LATE_5(libcrypto(), EVP_EncryptInit_ex)
PGBRAID_LATE_5(libcrypto(), EVP_EncryptUpdate)
PGBRAID_LATE_1(libcrypto(), EVP_MD_CTX_free)
PGBRAID_LATE_0(libcrypto(), EVP_MD_CTX_new)
PGBRAID_LATE_1(libcrypto(), EVP_PKEY_free)
PGBRAID_LATE_1(libcrypto(), EVP_PKEY_get_base_id)
PGBRAID_LATE_1(libcrypto(), EVP_PKEY_get_size)
PGBRAID_LATE_0(libcrypto(), EVP_aes_256_cbc)
PGBRAID_LATE_0(libcrypto(), EVP_md5)
PGBRAID_LATE_0(libcrypto(), EVP_sha1)
PGBRAID_LATE_0(libcrypto(), EVP_sha256)
PGBRAID_LATE_7(libcrypto(), HMAC)
PGBRAID_LATE_2(libcrypto(), OPENSSL_cleanse)
PGBRAID_LATE_1(libcrypto(), OPENSSL_sk_num)
PGBRAID_LATE_2(libcrypto(), OPENSSL_sk_value)
PGBRAID_LATE_4(libcrypto(), PEM_read_bio_PrivateKey)
PGBRAID_LATE_2(libcrypto(), RAND_bytes)
PGBRAID_LATE_0(libcrypto(), X509_LOOKUP_file)
PGBRAID_LATE_1(libcrypto(), X509_NAME_ENTRY_get_data)
PGBRAID_LATE_2(libcrypto(), X509_NAME_get_entry)
PGBRAID_LATE_3(libcrypto(), X509_NAME_get_index_by_NID)
PGBRAID_LATE_1(libcrypto(), X509_OBJECT_get_type)
PGBRAID_LATE_2(libcrypto(), X509_STORE_add_lookup)
PGBRAID_LATE_1(libcrypto(), X509_STORE_get0_objects)
PGBRAID_LATE_2(libcrypto(), X509_STORE_set_flags)
PGBRAID_LATE_2(libcrypto(), X509_VERIFY_PARAM_set1_ip_asc)
PGBRAID_LATE_1(libcrypto(), X509_free)
PGBRAID_LATE_0(libcrypto(), X509_get_default_cert_dir)
PGBRAID_LATE_1(libcrypto(), X509_get_subject_name)
PGBRAID_LATE_3(libcrypto(), X509_load_cert_crl_file)
PGBRAID_LATE_1(libcrypto(), X509_verify_cert_error_string)
// clang-format on

} // extern "C"

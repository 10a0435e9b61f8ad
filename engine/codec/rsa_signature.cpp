// By OpenSSL.
// SPDX-License-Identifier: MIT
#include "engine/codec/rsa_signature.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>

namespace pgbraid::codec {

namespace {

/// Nobody is asked for a passphrase.
int no_passphrase(char*, int, int, void*) {
  return 0;
}

error no_key() {
  ERR_clear_error();
  return {errc::crypto, "the private key is no key of RSA in PEM"};
}

} // namespace

result<std::vector<std::byte>> rs256_signature(const secret& pem, byte_view message) {
  const auto text = pem.view();
  const std::unique_ptr<BIO, int (*)(BIO*)> in(
      BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free);
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(
      PEM_read_bio_PrivateKey(in.get(), nullptr, no_passphrase, nullptr), &EVP_PKEY_free);
  if (!key || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA)
    return no_key();
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> on(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  std::vector<std::byte> out(static_cast<size_t>(EVP_PKEY_get_size(key.get())));
  size_t size = out.size();
  const bool made =
      EVP_DigestSignInit(on.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1 &&
      EVP_DigestSign(on.get(), reinterpret_cast<unsigned char*>(out.data()), &size,
                     reinterpret_cast<const unsigned char*>(message.data()), message.size()) == 1;
  if (!made)
    return no_key();
  out.resize(size);
  return out;
}

} // namespace pgbraid::codec

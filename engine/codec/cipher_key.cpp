// The key and the initial vector that a passphrase and a salt make.
// SPDX-License-Identifier: MIT
#include "engine/codec/cipher_key.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <cassert>

namespace pgbraid::codec {

cipher_key::cipher_key(std::string_view passphrase, const aes_salt& salt) {
  const int made = EVP_BytesToKey(
      EVP_aes_256_cbc(), EVP_sha1(), reinterpret_cast<const unsigned char*>(salt.data()),
      reinterpret_cast<const unsigned char*>(passphrase.data()),
      static_cast<int>(passphrase.size()), 1, reinterpret_cast<unsigned char*>(key.data()),
      reinterpret_cast<unsigned char*>(iv.data()));
  assert(made == static_cast<int>(key.size()));
}

cipher_key::~cipher_key() {
  OPENSSL_cleanse(key.data(), key.size());
  OPENSSL_cleanse(iv.data(), iv.size());
}

passphrase::~passphrase() {
  OPENSSL_cleanse(text_.data(), text_.size());
}

} // namespace pgbraid::codec

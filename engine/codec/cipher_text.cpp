// Whole texts, encrypted and decrypted: info files and manifests.
// SPDX-License-Identifier: MIT
#include "engine/codec/cipher_text.hpp"

#include "engine/codec/aes.hpp"
#include "engine/codec/whole.hpp"

namespace pgbraid::codec {

result<std::vector<std::byte>> encrypt_all(byte_view plain, std::string_view passphrase) {
  return transform_all(*make_encrypt(passphrase), plain, encrypted_size(plain.size()));
}

result<std::vector<std::byte>> decrypt_all(byte_view cipher, std::string_view passphrase) {
  return transform_all(*make_decrypt(passphrase), cipher, cipher.size());
}

} // namespace pgbraid::codec

// AES-256-CBC kernels with the container that `openssl enc -aes-256-cbc -md sha1` has.
// Container and key derivation: engine/format/README.md, section 11.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/codec/cpu.hpp"
#include "engine/codec/kernel.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <string_view>

namespace pgbraid::codec {

using aes_salt = std::array<std::byte, 8>;

/// Fresh random bytes from OpenSSL; fails with `crypto` when it has none.
result<aes_salt> random_salt();

struct encrypt_options {
  /// Only the salt before the cipher text, without the word `Salted__`.
  bool raw = false;
  /// Where each stream's salt comes from; tests give their own.
  std::function<result<aes_salt>()> salt = random_salt;
  /// Use the processor's AES rounds; without them OpenSSL does the work.
  bool accelerated = has_aes_rounds();
};

/// How many bytes encryption makes of `plain_bytes`, container included.
constexpr uint64_t encrypted_size(uint64_t plain_bytes, bool raw = false) {
  return (raw ? 8 : 16) + (plain_bytes / 16 + 1) * 16;
}

/// A kernel that encrypts; each stream has its own salt and so its own key.
/// Eight streams stepped together take hardly more than the time of one or two.
/// Streams may outlive the kernel; one kernel may serve several threads.
/// @param passphrase  the bytes as the user gave them; copied, and wiped with the kernel
std::unique_ptr<kernel> make_encrypt(std::string_view passphrase, encrypt_options options = {});

/// A kernel that decrypts. Streams fail with `crypto` ("unable to decrypt: ...") when the header,
/// the length or the padding is wrong, which mostly means a wrong passphrase.
std::unique_ptr<kernel> make_decrypt(std::string_view passphrase, bool raw = false);

} // namespace pgbraid::codec

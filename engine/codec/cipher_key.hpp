// The key and the initial vector that a passphrase and a salt make.
// Source: engine/format/README.md, section 11.1.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/bytes.hpp"
#include "engine/codec/aes.hpp"

#include <array>
#include <string>
#include <string_view>

namespace pgbraid::codec {

/// Before the salt in the normal container.
inline constexpr std::string_view salted_magic = "Salted__";

/// Wiped at its end.
struct cipher_key {
  std::array<std::byte, 32> key{};
  std::array<std::byte, 16> iv{};

  cipher_key(std::string_view passphrase, const aes_salt& salt);
  cipher_key(const cipher_key&) = delete;
  cipher_key& operator=(const cipher_key&) = delete;
  ~cipher_key();
};

/// A passphrase that kernel and streams share; wiped with the last of them.
class passphrase {
public:
  explicit passphrase(std::string_view text) : text_(text) {}
  passphrase(const passphrase&) = delete;
  passphrase& operator=(const passphrase&) = delete;
  ~passphrase();
  std::string_view text() const { return text_; }

private:
  std::string text_;
};

} // namespace pgbraid::codec

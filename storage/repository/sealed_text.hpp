// Info files and manifests as they lie in a repository: plain or encrypted.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/bytes.hpp"
#include "engine/base/result.hpp"
#include "engine/base/secret.hpp"
#include "engine/codec/kernel.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace pgbraid {

/// The plain text of a file; wiped at the end, because it may hold a passphrase.
class plain_text {
public:
  explicit plain_text(std::string text) : text_(std::move(text)) {}
  explicit plain_text(std::vector<std::byte> bytes) : bytes_(std::move(bytes)) {}
  plain_text(plain_text&&) = default;
  plain_text& operator=(plain_text&&) = default;
  plain_text(const plain_text&) = delete;
  plain_text& operator=(const plain_text&) = delete;
  ~plain_text();

  std::string_view view() const;

private:
  std::string text_;
  std::vector<std::byte> bytes_;
};

/// Opens the content of an info file or manifest.
/// @param pass  empty when the repository is not encrypted
/// Fails with `crypto` (95), with a hint, when the passphrase is wrong or when the content is
/// encrypted against the configuration (or not); with `format` for format 6.
result<plain_text> unseal(std::string content, const secret& pass);

/// Whether `plain` can be the begin of what was sealed. One wrong passphrase in 256 leaves padding
/// that looks right, but never a section: fails with `crypto` (95) and a hint.
result<void> check_unsealed(std::string_view plain);

/// The same for content that comes in pieces: makes plain text of them as they come.
class unsealer {
public:
  using taker = std::function<result<void>(std::string_view plain)>;

  /// @param pass  empty when the repository is not encrypted
  explicit unsealer(const secret& pass);
  ~unsealer();
  unsealer(const unsealer&) = delete;
  unsealer& operator=(const unsealer&) = delete;

  /// Hands what becomes of the piece to `to`. The first piece holds the header.
  result<void> feed(byte_view piece, bool last, const taker& to);

private:
  result<void> check_head(byte_view piece);
  result<void> decrypt(byte_view piece, bool last, const taker& to);

  std::unique_ptr<codec::kernel> decrypt_; ///< null: plain as it is
  std::unique_ptr<codec::stream> stream_;
  std::vector<std::byte> plain_;
  bool begun_ = false;   ///< the header was looked at
  bool is_text_ = false; ///< and so was the begin of the plain text
  bool passes_ = false;  ///< as it is, because the parser says why it is refused
};

/// Makes bytes to store of a plain text that comes in pieces: encrypted with a fresh salt when
/// there is a passphrase.
class sealer {
public:
  using taker = std::function<result<void>(byte_view sealed)>;

  explicit sealer(const secret& pass);
  /// Hands what becomes of the piece to `to`.
  result<void> feed(std::string_view piece, bool last, const taker& to);

private:
  std::unique_ptr<codec::kernel> encrypt_; ///< null: stays as it is
  std::unique_ptr<codec::stream> stream_;
  std::vector<std::byte> sealed_;
};

/// The same of a whole text.
result<std::string> seal(std::string_view text, const secret& pass);

} // namespace pgbraid

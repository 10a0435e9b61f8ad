// Info files and manifests as they lie in a repository: plain or encrypted.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/base/secret.hpp"

#include <cstddef>
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

/// The bytes to store: encrypted with a fresh salt when there is a passphrase.
result<std::string> seal(std::string_view text, const secret& pass);

} // namespace pgbraid

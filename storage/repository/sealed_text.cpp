// Info files and manifests as they lie in a repository: plain or encrypted.
// SPDX-License-Identifier: MIT
#include "storage/repository/sealed_text.hpp"

#include "engine/base/bytes.hpp"
#include "engine/codec/cipher_text.hpp"
#include "engine/format/info_file.hpp"

#include <cstring>

namespace pgbraid {

plain_text::~plain_text() {
  explicit_bzero(text_.data(), text_.size());
  if (!bytes_.empty())
    explicit_bzero(bytes_.data(), bytes_.size());
}

std::string_view plain_text::view() const {
  return bytes_.empty() ? std::string_view(text_) : as_text(bytes_);
}

namespace {

error wrong_passphrase() {
  return {errc::crypto, "content cannot be decrypted",
          "Is or was the repository encrypted with another passphrase?\n"
          "If not, the file is damaged."};
}

result<plain_text> decrypt(std::string content, const secret& pass) {
  // The format shows in the header: the parser refuses format 6.
  if (content.starts_with("PGBR006"))
    return plain_text(std::move(content));
  if (format::looks_like_info(content))
    return error{errc::crypto, "content is not encrypted",
                 "Is a cipher type configured for a repository that was created without one?"};
  auto plain = codec::decrypt_all(as_bytes(content), pass.view());
  // One wrong passphrase in 256 leaves padding that looks right, but never a section.
  if (!plain || !format::looks_like_info(as_text(*plain)))
    return wrong_passphrase();
  return plain_text(std::move(*plain));
}

} // namespace

result<plain_text> unseal(std::string content, const secret& pass) {
  if (pass.empty())
    return plain_text(std::move(content));
  return decrypt(std::move(content), pass);
}

result<std::string> seal(std::string_view text, const secret& pass) {
  if (pass.empty())
    return std::string(text);
  auto cipher = codec::encrypt_all(as_bytes(text), pass.view());
  if (!cipher)
    return cipher.failure();
  return std::string(as_text(*cipher));
}

} // namespace pgbraid

// Info files and manifests as they lie in a repository: plain or encrypted.
// SPDX-License-Identifier: MIT
#include "storage/repository/sealed_text.hpp"

#include "engine/base/bytes.hpp"
#include "engine/codec/aes.hpp"
#include "engine/codec/cipher_text.hpp"
#include "engine/codec/stepper.hpp"
#include "engine/format/info_file.hpp"

#include <cstring>
#include <functional>
#include <utility>

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

/// The format shows in the header: the parser refuses format 6.
bool is_format_6(std::string_view content) {
  return content.starts_with("PGBR006");
}

error not_encrypted() {
  return {errc::crypto, "content is not encrypted",
          "Is a cipher type configured for a repository that was created without one?"};
}

result<plain_text> decrypt(std::string content, const secret& pass) {
  if (is_format_6(content))
    return plain_text(std::move(content));
  if (format::looks_like_info(content))
    return not_encrypted();
  auto plain = codec::decrypt_all(as_bytes(content), pass.view());
  if (!plain)
    return wrong_passphrase();
  if (auto fine = check_unsealed(as_text(*plain)); !fine)
    return fine.failure();
  return plain_text(std::move(*plain));
}

} // namespace

result<void> check_unsealed(std::string_view plain) {
  return format::looks_like_info(plain) ? success() : result<void>(wrong_passphrase());
}

result<plain_text> unseal(std::string content, const secret& pass) {
  if (pass.empty())
    return plain_text(std::move(content));
  return decrypt(std::move(content), pass);
}

unsealer::unsealer(const secret& pass) {
  if (pass.empty())
    return;
  decrypt_ = codec::make_decrypt(pass.view());
  stream_ = decrypt_->open();
}

unsealer::~unsealer() {
  if (!plain_.empty())
    explicit_bzero(plain_.data(), plain_.size());
}

result<void> unsealer::check_head(byte_view piece) {
  begun_ = true;
  passes_ = decrypt_ == nullptr || is_format_6(as_text(piece));
  if (!passes_ && format::looks_like_info(as_text(piece)))
    return not_encrypted();
  return success();
}

result<void> unsealer::feed(byte_view piece, bool last, const taker& to) {
  if (!begun_)
    if (auto fine = check_head(piece); !fine)
      return fine;
  return passes_ ? to(as_text(piece)) : decrypt(piece, last, to);
}

result<void> unsealer::decrypt(byte_view piece, bool last, const taker& to) {
  constexpr size_t room_bytes = size_t{256} << 10;
  plain_.resize(room_bytes);
  auto left = codec::window_of(piece, last);
  while (left.fresh) {
    codec::window out;
    if (!codec::transform(*decrypt_, *stream_, left, plain_, out))
      return wrong_passphrase();
    const auto made = as_text(out.bytes);
    if (made.empty())
      continue;
    if (!is_text_)
      if (auto fine = check_unsealed(made); !fine)
        return fine;
    is_text_ = true;
    if (auto taken = to(made); !taken)
      return taken;
  }
  return last && !is_text_ ? result<void>(wrong_passphrase()) : success();
}

sealer::sealer(const secret& pass) {
  if (pass.empty())
    return;
  encrypt_ = codec::make_encrypt(pass.view());
  stream_ = encrypt_->open();
  sealed_.resize(size_t{64} << 10);
}

result<void> sealer::feed(std::string_view piece, bool last, const taker& to) {
  const auto bytes = as_bytes(piece);
  if (encrypt_ == nullptr)
    return to(bytes);
  return codec::feed(*encrypt_, *stream_, codec::window_of(bytes, last), sealed_,
                     [&](const codec::window& made) { return to(made.bytes); });
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

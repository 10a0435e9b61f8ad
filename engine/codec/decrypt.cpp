// The AES-256-CBC kernel that decrypts; the chain does not bind decryption, so OpenSSL already
// works on several blocks of a stream at once.
// SPDX-License-Identifier: MIT
#include "engine/codec/aes.hpp"
#include "engine/codec/aes_blocks.hpp"
#include "engine/codec/cipher_key.hpp"
#include "engine/codec/sequential.hpp"
#include "engine/codec/small_output.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>

namespace pgbraid::codec {

namespace {

error unable(std::string_view why) {
  return {errc::crypto, "unable to decrypt: " + std::string(why),
          "Is the passphrase the one that this was encrypted with?"};
}

class decrypt_stream final : public sequential_stream {
public:
  decrypt_stream(std::shared_ptr<const passphrase> pass, bool raw)
      : pass_(std::move(pass)), header_bytes_(raw ? 8 : 16) {}
  ~decrypt_stream() override { OPENSSL_cleanse(plain_.data(), plain_.size()); }

  result<bool> advance(byte_view& in, byte_span& out, bool last) override;

private:
  static void move_some(byte_view& in, byte_span into, size_t& filled);
  result<void> read_header();
  result<void> decrypt(byte_view from, std::byte* to);
  result<void> finish(byte_span& out);

  struct free_context {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
  };

  std::shared_ptr<const passphrase> pass_;
  std::unique_ptr<EVP_CIPHER_CTX, free_context> evp_;
  std::array<std::byte, 16> header_{};
  size_t header_bytes_;
  size_t header_filled_ = 0;
  /// Cipher bytes of a block that may be the last one, which has the padding.
  aes_block carry_{};
  size_t carried_ = 0;
  aes_block plain_{};
  small_output waiting_;
  bool ended_ = false;
};

void decrypt_stream::move_some(byte_view& in, byte_span into, size_t& filled) {
  const auto part = in.first(std::min(in.size(), into.size() - filled));
  std::copy(part.begin(), part.end(), into.begin() + static_cast<ptrdiff_t>(filled));
  filled += part.size();
  in = in.subspan(part.size());
}

result<void> decrypt_stream::read_header() {
  const byte_view header(header_.data(), header_bytes_);
  if (header.size() > sizeof(aes_salt) &&
      as_text(header.first(salted_magic.size())) != salted_magic)
    return unable("the header is not that of an encrypted file");
  aes_salt salt;
  const auto from = header.last(salt.size());
  std::copy(from.begin(), from.end(), salt.begin());
  const cipher_key key(pass_->text(), salt);
  evp_.reset(EVP_CIPHER_CTX_new());
  if (EVP_DecryptInit_ex(evp_.get(), EVP_aes_256_cbc(), nullptr,
                         reinterpret_cast<const unsigned char*>(key.key.data()),
                         reinterpret_cast<const unsigned char*>(key.iv.data())) != 1)
    return error{errc::crypto, "unable to initialize decryption"};
  // Padding is ours, so that OpenSSL holds nothing back.
  EVP_CIPHER_CTX_set_padding(evp_.get(), 0);
  return {};
}

/// @param from  whole blocks
/// @param to    room for as many bytes
result<void> decrypt_stream::decrypt(byte_view from, std::byte* to) {
  constexpr size_t slice_bytes = size_t{1} << 24;
  for (size_t done = 0; done < from.size();) {
    const auto now = std::min(from.size() - done, slice_bytes);
    int made = 0;
    if (EVP_DecryptUpdate(evp_.get(), reinterpret_cast<unsigned char*>(to + done), &made,
                          reinterpret_cast<const unsigned char*>(from.data() + done),
                          static_cast<int>(now)) != 1)
      return unable("the cipher failed");
    done += now;
  }
  return {};
}

/// The last block: its padding goes, the rest goes out.
result<void> decrypt_stream::finish(byte_span& out) {
  if (carried_ != aes_block_bytes)
    return unable("unexpected end of file");
  if (auto done = decrypt(carry_, plain_.data()); !done)
    return done.failure();
  const auto padding = static_cast<size_t>(plain_.back());
  if (padding == 0 || padding > aes_block_bytes ||
      !std::all_of(plain_.end() - static_cast<ptrdiff_t>(padding), plain_.end(),
                   [&](std::byte b) { return b == plain_.back(); }))
    return unable("the padding is wrong");
  waiting_.put(byte_view(plain_).first(aes_block_bytes - padding));
  waiting_.drain(out);
  ended_ = true;
  return {};
}

result<bool> decrypt_stream::advance(byte_view& in, byte_span& out, bool last) {
  if (header_filled_ < header_bytes_) {
    move_some(in, byte_span(header_).first(header_bytes_), header_filled_);
    if (header_filled_ < header_bytes_) {
      if (last)
        return unable("unexpected end of file");
      return false;
    }
    if (auto made = read_header(); !made)
      return made.failure();
  }
  while (waiting_.drain(out) && !ended_ && !out.empty()) {
    // A block may only go once a byte behind it is known.
    move_some(in, carry_, carried_);
    if (in.empty()) {
      if (!last)
        return false;
      if (auto done = finish(out); !done)
        return done.failure();
      break;
    }
    if (auto done = decrypt(carry_, plain_.data()); !done)
      return done.failure();
    carried_ = 0;
    waiting_.put(plain_);
    if (!waiting_.drain(out))
      break;
    const size_t blocks = std::min((in.size() - 1) / aes_block_bytes, out.size() / aes_block_bytes);
    const auto bulk = in.first(blocks * aes_block_bytes);
    if (auto done = decrypt(bulk, out.data()); !done)
      return done.failure();
    in = in.subspan(bulk.size());
    out = out.subspan(bulk.size());
  }
  return ended_ && waiting_.empty();
}

class decrypt_kernel final : public sequential_kernel {
public:
  decrypt_kernel(std::string_view pass, bool raw)
      : pass_(std::make_shared<const passphrase>(pass)), raw_(raw) {}
  std::unique_ptr<stream> open() override { return std::make_unique<decrypt_stream>(pass_, raw_); }

private:
  std::shared_ptr<const passphrase> pass_;
  bool raw_;
};

} // namespace

std::unique_ptr<kernel> make_decrypt(std::string_view passphrase, bool raw) {
  return std::make_unique<decrypt_kernel>(passphrase, raw);
}

} // namespace pgbraid::codec

// By OpenSSL.
// SPDX-License-Identifier: MIT
#include "engine/codec/message_digest.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>

namespace pgbraid::codec {

namespace {

template <class Digest> Digest digest_of(byte_view message, const EVP_MD* kind) {
  Digest out = {};
  EVP_Digest(message.data(), message.size(), reinterpret_cast<unsigned char*>(out.data()), nullptr,
             kind, nullptr);
  return out;
}

} // namespace

md5_digest md5_of(byte_view message) {
  return digest_of<md5_digest>(message, EVP_md5());
}

sha256_digest sha256_of(byte_view message) {
  return digest_of<sha256_digest>(message, EVP_sha256());
}

sha256_digest hmac_sha256(byte_view key, byte_view message) {
  sha256_digest out = {};
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(message.data()), message.size(),
       reinterpret_cast<unsigned char*>(out.data()), nullptr);
  return out;
}

md5_stream::md5_stream() : on_(EVP_MD_CTX_new()) {
  EVP_DigestInit_ex(on_.get(), EVP_md5(), nullptr);
}

void md5_stream::add(byte_view part) {
  EVP_DigestUpdate(on_.get(), part.data(), part.size());
}

md5_digest md5_stream::end() {
  md5_digest out = {};
  EVP_DigestFinal_ex(on_.get(), reinterpret_cast<unsigned char*>(out.data()), nullptr);
  return out;
}

void md5_stream::freed::operator()(evp_md_ctx_st* of) const {
  EVP_MD_CTX_free(of);
}

std::string to_base64url(byte_view bytes) {
  auto out = to_base64(bytes);
  std::ranges::replace(out, '+', '-');
  std::ranges::replace(out, '/', '_');
  out.resize(out.find_last_not_of('=') + 1);
  return out;
}

std::string to_base64(byte_view bytes) {
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0'); // a NUL comes behind the text
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()));
  out.resize(static_cast<size_t>(size));
  return out;
}

std::vector<std::byte> from_base64(std::string_view text) {
  size_t padding = 0; // which OpenSSL takes for zeros
  while (padding < text.size() && text[text.size() - 1 - padding] == '=')
    ++padding;
  if (padding > 2)
    return {};
  std::vector<std::byte> out(text.size() / 4 * 3);
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  if (size < 0)
    return {};
  out.resize(static_cast<size_t>(size) - padding);
  return out;
}

} // namespace pgbraid::codec

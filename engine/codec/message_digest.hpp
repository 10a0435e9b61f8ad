// Digests of whole messages, as protocols want them.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/bytes.hpp"

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct evp_md_ctx_st; // of OpenSSL

namespace pgbraid::codec {

using md5_digest = std::array<std::byte, 16>;
using sha256_digest = std::array<std::byte, 32>;

/// Against damage on the way, not against anybody.
md5_digest md5_of(byte_view message);
sha256_digest sha256_of(byte_view message);
/// HMAC of RFC 2104 with SHA-256.
sha256_digest hmac_sha256(byte_view key, byte_view message);

/// The MD5 of a message that comes in parts.
class md5_stream {
public:
  md5_stream();
  void add(byte_view part);
  /// To be called once, at the end.
  md5_digest end();

private:
  struct freed {
    void operator()(evp_md_ctx_st* of) const;
  };
  std::unique_ptr<evp_md_ctx_st, freed> on_;
};

std::string to_base64(byte_view bytes);
/// With `-` and `_`, and nothing behind it (RFC 7515).
std::string to_base64url(byte_view bytes);
/// Empty when the text is none, or stands for nothing.
std::vector<std::byte> from_base64(std::string_view text);

} // namespace pgbraid::codec

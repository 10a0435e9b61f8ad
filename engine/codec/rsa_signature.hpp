// Signing with a private key of RSA.
// Source: RFC 7518, section 3.3 (RS256).
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/bytes.hpp"
#include "engine/base/result.hpp"
#include "engine/base/secret.hpp"

#include <vector>

namespace pgbraid::codec {

/// RSASSA-PKCS1-v1_5 with SHA-256. Fails with `crypto` (95) for what is no key of RSA in PEM, or
/// one with a passphrase.
result<std::vector<std::byte>> rs256_signature(const secret& pem, byte_view message);

} // namespace pgbraid::codec

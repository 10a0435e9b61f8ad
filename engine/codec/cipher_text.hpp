// Whole texts, encrypted and decrypted: info files and manifests.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/bytes.hpp"
#include "engine/base/result.hpp"

#include <string_view>
#include <vector>

namespace pgbraid::codec {

/// `plain` in the normal container (see aes.hpp) with a fresh salt.
result<std::vector<std::byte>> encrypt_all(byte_view plain, std::string_view passphrase);

/// The plain bytes of a normal container; fails with `crypto` as aes.hpp says.
result<std::vector<std::byte>> decrypt_all(byte_view cipher, std::string_view passphrase);

} // namespace pgbraid::codec

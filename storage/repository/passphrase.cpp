// Makes the passphrase of the next level of a repository.
// SPDX-License-Identifier: MIT
#include "storage/repository/repository.hpp"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <array>
#include <cstring>

namespace pgbraid {

result<secret> generate_passphrase() {
  constexpr size_t random_bytes = 48;
  constexpr size_t text_bytes = random_bytes / 3 * 4;
  std::array<unsigned char, random_bytes> random;
  std::array<unsigned char, text_bytes + 1> text;
  if (RAND_bytes(random.data(), random_bytes) != 1)
    return error{errc::crypto, "no random bytes for a passphrase"};
  EVP_EncodeBlock(text.data(), random.data(), random_bytes);
  secret made(std::string_view(reinterpret_cast<const char*>(text.data()), text_bytes));
  explicit_bzero(random.data(), random.size());
  explicit_bzero(text.data(), text.size());
  return made;
}

} // namespace pgbraid

// Checksums as text.
// SPDX-License-Identifier: MIT
#include "actors/backup/copy_results.hpp"

namespace pgbraid {

namespace {

int digit(char c) {
  return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

} // namespace

std::optional<codec::sha1_digest> from_hex(std::string_view text) {
  codec::sha1_digest out{};
  if (text.size() != 2 * out.size())
    return {};
  for (size_t i = 0; i < out.size(); ++i) {
    const int high = digit(text[2 * i]);
    const int low = digit(text[2 * i + 1]);
    if (high < 0 || low < 0)
      return {};
    out[i] = static_cast<std::byte>(high * 16 + low);
  }
  return out;
}

} // namespace pgbraid

// Digests of messages, as the documents of each publish them.
// SPDX-License-Identifier: MIT
#include "engine/codec/message_digest.hpp"

#include <doctest/doctest.h>

using namespace pgbraid;
using namespace pgbraid::codec;

TEST_CASE("message digest: published examples") {
  CHECK(to_hex(md5_of({})) == "d41d8cd98f00b204e9800998ecf8427e");
  CHECK(to_hex(md5_of(as_bytes("message digest"))) ==
        "f96b697d7cb7938d525a2f31aaf161d0"); // RFC 1321
  CHECK(to_hex(sha256_of(as_bytes("abc"))) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"); // FIPS 180-2
  // RFC 4231, cases 2 and 6
  CHECK(to_hex(hmac_sha256(as_bytes("Jefe"), as_bytes("what do ya want for nothing?"))) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  const std::string longer_than_a_block(131, '\xaa');
  CHECK(to_hex(hmac_sha256(as_bytes(longer_than_a_block),
                           as_bytes("Test Using Larger Than Block-Size Key - Hash Key First"))) ==
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST_CASE("message digest: base64, there and back") {
  // RFC 4648, section 10
  for (const auto& [plain, text] : {std::pair("", ""),
                                    {"f", "Zg=="},
                                    {"fo", "Zm8="},
                                    {"foo", "Zm9v"},
                                    {"foob", "Zm9vYg=="},
                                    {"fooba", "Zm9vYmE="},
                                    {"foobar", "Zm9vYmFy"}}) {
    CHECK(to_base64(as_bytes(plain)) == text);
    CHECK(as_text(from_base64(text)) == plain);
  }
  for (const auto* none : {"Zg", "Zg=", "Z===", "====", "Zm9*", "Zm9vY"})
    CHECK(from_base64(none).empty());
}

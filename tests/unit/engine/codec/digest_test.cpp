// SHA-1 of many streams at once, against OpenSSL.
// SPDX-License-Identifier: MIT
#include "engine/codec/digest.hpp"
#include "tests/unit/engine/codec/rig.hpp"

#include <openssl/evp.h>

using namespace pgbraid;
using namespace pgbraid::codec;
using rig::bytes;

namespace {

std::string evp_sha1(byte_view of) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> value{};
  unsigned length = 0;
  EVP_Digest(of.data(), of.size(), value.data(), &length, EVP_sha1(), nullptr);
  return to_hex(std::as_bytes(std::span(value.data(), length)));
}

void check_streams(digest_kernel& k, const std::vector<bytes>& inputs, rig::random& from,
                   rig::limits bounds) {
  size_t finished = 0;
  rig::drive(k, inputs, from, bounds, [&](size_t i, const stream& s) {
    CHECK(to_hex(digest_kernel::value(s)) == evp_sha1(inputs[i]));
    CHECK(digest_kernel::count(s) == inputs[i].size());
    ++finished;
  });
  CHECK(finished == inputs.size());
}

} // namespace

TEST_CASE("digest: knows the examples of FIPS 180") {
  CHECK(to_hex(sha1_of(as_bytes("abc"))) == "a9993e364706816aba3e25717850c26c9cd0d89d");
  CHECK(to_hex(sha1_of({})) == "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  for (bool accelerated : {true, false}) {
    digest_kernel k(accelerated);
    auto s = k.open();
    job j{.state = s.get(),
          .in = as_bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
          .last = true,
          .out = {}};
    k.run(std::span(&j, 1));
    CHECK(j.finished);
    CHECK(to_hex(digest_kernel::value(*s)) == "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
  }
}

TEST_CASE("digest: every length around block borders") {
  rig::random from(1);
  digest_kernel k;
  std::vector<bytes> inputs;
  for (size_t length = 0; length <= 260; ++length)
    inputs.push_back(rig::noise(from, length));
  check_streams(k, inputs, from, {.piece_bytes = 1000});
  check_streams(k, inputs, from, {.piece_bytes = 7});
}

TEST_CASE("digest: one to nine streams of unequal lengths in odd pieces") {
  for (bool accelerated : {true, false}) {
    rig::random from(2);
    digest_kernel k(accelerated);
    for (size_t round = 0; round < 60; ++round) {
      std::vector<bytes> inputs(1 + round % 9);
      for (auto& in : inputs)
        in = rig::noise(from, rig::pick(from, 0, round % 3 == 0 ? 300 : 40000));
      check_streams(k, inputs, from, {.piece_bytes = rig::pick(from, 1, 20000)});
    }
  }
}

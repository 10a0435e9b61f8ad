// Encryption and decryption, against OpenSSL's library and tool.
// SPDX-License-Identifier: MIT
#include "engine/codec/aes.hpp"
#include "engine/codec/cipher_key.hpp"
#include "engine/codec/cipher_text.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/engine/codec/tool.hpp"

#include <openssl/evp.h>
#include <openssl/sha.h>

using namespace pgbraid;
using namespace pgbraid::codec;
using rig::bytes;

namespace {

constexpr std::string_view pass = "a passphrase, and not a short one";

bytes joined(byte_view a, byte_view b) {
  auto made = rig::copy(a);
  made.insert(made.end(), b.begin(), b.end());
  return made;
}

/// Key and vector as the specification spells them, hash by hash.
std::array<unsigned char, 60> derive(std::string_view passphrase, const aes_salt& salt) {
  std::array<unsigned char, 60> made{};
  bytes before;
  for (size_t i = 0; i < 3; ++i) {
    const auto text = joined(before, joined(as_bytes(passphrase), salt));
    SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), made.data() + 20 * i);
    before = rig::copy(std::as_bytes(std::span(made.data() + 20 * i, 20)));
  }
  return made;
}

/// A container as OpenSSL's EVP makes it.
bytes reference(const bytes& plain, const aes_salt& salt, bool raw) {
  const auto key = derive(pass, salt);
  auto* context = EVP_CIPHER_CTX_new();
  EVP_EncryptInit_ex(context, EVP_aes_256_cbc(), nullptr, key.data(), key.data() + 32);
  bytes cipher(plain.size() + 16);
  auto* to = reinterpret_cast<unsigned char*>(cipher.data());
  int made = 0, rest = 0;
  EVP_EncryptUpdate(context, to, &made, reinterpret_cast<const unsigned char*>(plain.data()),
                    static_cast<int>(plain.size()));
  EVP_EncryptFinal_ex(context, to + made, &rest);
  EVP_CIPHER_CTX_free(context);
  cipher.resize(static_cast<size_t>(made + rest));
  return joined(raw ? byte_view{} : as_bytes("Salted__"), joined(salt, cipher));
}

/// Salts 1, 2, 3, ... so that each stream's is known.
struct counted_salts {
  std::shared_ptr<uint8_t> next = std::make_shared<uint8_t>(uint8_t{1});
  static aes_salt of(size_t number) {
    aes_salt salt{};
    salt.back() = static_cast<std::byte>(number);
    return salt;
  }
  result<aes_salt> operator()() const { return of((*next)++); }
};

void check_encrypt(size_t stream_count, size_t longest, bool raw, bool accelerated,
                   rig::random& from, rig::limits bounds) {
  std::vector<bytes> plain(stream_count);
  for (auto& p : plain)
    p = rig::noise(from, rig::pick(from, 0, longest));
  auto k = make_encrypt(pass, {.raw = raw, .salt = counted_salts{}, .accelerated = accelerated});
  const auto made = rig::drive(*k, plain, from, bounds);
  for (size_t i = 0; i < stream_count; ++i) {
    REQUIRE_FALSE(made[i].failure);
    CHECK(made[i].out == reference(plain[i], counted_salts::of(i + 1), raw));
    CHECK(made[i].out.size() == encrypted_size(plain[i].size(), raw));
  }
}

} // namespace

TEST_CASE("aes: derives the key of golden repository b") {
  const aes_salt salt{std::byte{0x14}, std::byte{0x17}, std::byte{0xfa}, std::byte{0x99},
                      std::byte{0xc2}, std::byte{0xfa}, std::byte{0xc4}, std::byte{0x74}};
  const cipher_key key("golden-b-passphrase", salt);
  CHECK(to_hex(key.key) == "3fa434544db0623746493c415474cf1f71effe789b6bba0d042162e26c0f0216");
  CHECK(to_hex(key.iv) == "5f11681bfabf4c060c02901bda67fe93");
}

TEST_CASE("aes: encrypts up to twenty streams as OpenSSL does") {
  for (bool accelerated : {true, false}) {
    rig::random from(1);
    for (size_t count = 1; count <= 20; ++count) {
      check_encrypt(count, 100, count % 2 == 0, accelerated, from, {40, 40});
      check_encrypt(count, 20000, count % 2 == 1, accelerated, from, {5000, 7000});
      check_encrypt(count, 300, false, accelerated, from, {100, 1});
      check_encrypt(count, 3000, false, accelerated, from, {1, 100});
      check_encrypt(count, 4096, true, accelerated, from, {64, 16});
    }
  }
}

TEST_CASE("aes: decrypts what OpenSSL encrypts") {
  rig::random from(2);
  for (size_t round = 0; round < 120; ++round) {
    const bool raw = round % 2 == 0;
    std::vector<bytes> plain(1 + round % 5);
    std::vector<bytes> cipher;
    for (auto& p : plain) {
      p = rig::noise(from, rig::pick(from, 0, round % 3 == 0 ? 70 : 20000));
      cipher.push_back(reference(p, counted_salts::of(round), raw));
    }
    auto k = make_decrypt(pass, raw);
    const auto made =
        rig::drive(*k, cipher, from, {rig::pick(from, 1, 6000), round % 4 == 0 ? 1 : size_t{3000}});
    for (size_t i = 0; i < plain.size(); ++i) {
      REQUIRE_FALSE(made[i].failure);
      CHECK(made[i].out == plain[i]);
    }
  }
}

TEST_CASE("aes: empty texts take 32 bytes, raw ones 24, and salts differ") {
  const auto once = encrypt_all({}, pass);
  const auto again = encrypt_all({}, pass);
  REQUIRE(once);
  REQUIRE(again);
  CHECK((*once).size() == 32);
  CHECK(*once != *again);
  CHECK((*decrypt_all(*once, pass)).empty());
  CHECK(encrypted_size(0, true) == 24);
}

TEST_CASE("aes: a stream without a salt fails alone") {
  int calls = 0;
  auto k = make_encrypt(pass, {.salt = [&]() -> result<aes_salt> {
                          if (calls++ == 0)
                            return error{errc::crypto, "no luck"};
                          return counted_salts::of(1);
                        }});
  rig::random from(3);
  const auto made = rig::drive(*k, {bytes(50), bytes(50)}, from);
  REQUIRE(made[0].failure);
  CHECK(made[0].failure->code == errc::crypto);
  CHECK(made[1].out == reference(bytes(50), counted_salts::of(1), false));
}

TEST_CASE("aes: truncated at any byte is an error") {
  rig::random from(4);
  const auto plain = rig::noise(from, 77);
  for (bool raw : {false, true}) {
    const auto cipher = reference(plain, counted_salts::of(9), raw);
    for (size_t length = 0; length < cipher.size(); ++length) {
      test::hostile("stored files that are damaged or expand");
      auto k = make_decrypt(pass, raw);
      const auto cut = rig::copy(byte_view(cipher).first(length));
      const auto made = rig::drive_one(*k, cut, from);
      // A cut between blocks leaves random padding, which may look right.
      if (made.failure)
        CHECK(made.failure->code == errc::crypto);
      else
        CHECK((length % 16 == (raw ? 8 : 0) && made.out != plain));
      if (length % 16 != (raw ? 8 : 0))
        CHECK(made.failure);
    }
  }
}

TEST_CASE("aes: a wrong header, passphrase or padding is an error without binary in it") {
  test::hostile("stored files that are damaged or expand", 3);
  rig::random from(5);
  const auto cipher = reference(bytes(100), counted_salts::of(1), false);
  auto broken = cipher;
  broken[0] = std::byte{'s'};
  auto failed = decrypt_all(broken, pass);
  REQUIRE_FALSE(failed);
  CHECK(failed.failure().code == errc::crypto);
  CHECK(failed.failure().message.starts_with("unable to decrypt: "));
  CHECK_FALSE(decrypt_all(as_bytes("too short"), pass));
  CHECK_FALSE(decrypt_all({}, pass));
  size_t refused = 0;
  for (int i = 0; i < 50; ++i)
    refused += decrypt_all(cipher, "wrong " + std::to_string(i)) ? 0 : 1;
  CHECK(refused > 40);
}

TEST_CASE("aes: the openssl tool decrypts ours, and we decrypt the tool's") {
  if (!rig::has_tool("openssl")) {
    MESSAGE("skipped: there is no openssl tool");
    return;
  }
  rig::random from(6);
  const auto plain = rig::noise(from, 100'003);
  const auto cipher = encrypt_all(plain, pass);
  REQUIRE(cipher);
  const auto options = " -aes-256-cbc -md sha1 -pass 'pass:" + std::string(pass) + "'";
  CHECK(rig::through("openssl enc -d" + options, *cipher) == plain);
  const auto theirs = rig::through("openssl enc -salt" + options, plain);
  REQUIRE(theirs);
  const auto back = decrypt_all(*theirs, pass);
  REQUIRE(back);
  CHECK(*back == plain);
}

// The AES-256-CBC kernel that encrypts, several streams at once where the processor can.
// SPDX-License-Identifier: MIT
#include "engine/codec/aes.hpp"
#include "engine/codec/aes_blocks.hpp"
#include "engine/codec/cipher_key.hpp"
#include "engine/codec/small_output.hpp"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cassert>
#include <vector>

namespace pgbraid::codec {

namespace {

struct free_context {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using cipher_context = std::unique_ptr<EVP_CIPHER_CTX, free_context>;

struct encrypt_stream final : stream {
  aes_state blocks;
  /// Does the blocks instead, where the processor has no AES rounds.
  cipher_context evp;
  std::optional<error> failure;
  /// Plain bytes that do not fill a block yet.
  aes_block carry{};
  size_t carried = 0;
  /// The header, or a block that did not fit the room for output.
  small_output waiting;
  bool padded = false;
};

encrypt_stream& state_of(const job& j) {
  return static_cast<encrypt_stream&>(*j.state);
}

/// Moves bytes from the input to the carried ones until those are a block.
void fill_carry(encrypt_stream& s, byte_view& in) {
  const auto part = in.first(std::min(in.size(), aes_block_bytes - s.carried));
  std::copy(part.begin(), part.end(), s.carry.begin() + static_cast<ptrdiff_t>(s.carried));
  s.carried += part.size();
  in = in.subspan(part.size());
}

class encrypt_kernel final : public kernel {
public:
  encrypt_kernel(std::string_view pass, encrypt_options options)
      : pass_(pass), options_(std::move(options)) {
    options_.accelerated = options_.accelerated && has_aes_rounds();
  }

  std::unique_ptr<stream> open() override;
  void run(std::span<job> jobs) override;
  bool transforms() const override { return true; }
  size_t width() const override { return options_.accelerated ? aes_lanes : 1; }

private:
  void encrypt(std::span<const aes_lane> lanes, std::span<encrypt_stream* const> streams);
  void first_blocks(std::span<job> jobs);
  void whole_blocks(std::span<job> jobs);
  void last_blocks(std::span<job> jobs);

  passphrase pass_;
  encrypt_options options_;
};

std::unique_ptr<stream> encrypt_kernel::open() {
  auto made = std::make_unique<encrypt_stream>();
  auto salt = options_.salt();
  if (!salt) {
    made->failure = salt.failure();
    return made;
  }
  if (!options_.raw)
    made->waiting.put(as_bytes(salted_magic));
  made->waiting.put(*salt);
  const cipher_key key(pass_.text(), *salt);
  if (options_.accelerated) {
    made->blocks.set_key(key.key, key.iv);
    return made;
  }
  made->evp.reset(EVP_CIPHER_CTX_new());
  if (EVP_EncryptInit_ex(made->evp.get(), EVP_aes_256_cbc(), nullptr,
                         reinterpret_cast<const unsigned char*>(key.key.data()),
                         reinterpret_cast<const unsigned char*>(key.iv.data())) != 1)
    made->failure = error{errc::crypto, "unable to initialize encryption"};
  else
    EVP_CIPHER_CTX_set_padding(made->evp.get(), 0);
  return made;
}

/// Encrypts whole blocks; `streams` are those of the lanes, in the same order.
void encrypt_kernel::encrypt(std::span<const aes_lane> lanes,
                             std::span<encrypt_stream* const> streams) {
  if (options_.accelerated) {
    aes_advance(lanes);
    return;
  }
  // EVP takes an int; slices of this size keep far below it.
  constexpr size_t slice_blocks = 1 << 20;
  for (size_t i = 0; i < lanes.size(); ++i) {
    for (size_t done = 0; done < lanes[i].blocks && !streams[i]->failure;) {
      const auto now = std::min(lanes[i].blocks - done, slice_blocks);
      int made = 0;
      if (EVP_EncryptUpdate(
              streams[i]->evp.get(),
              reinterpret_cast<unsigned char*>(lanes[i].to + done * aes_block_bytes), &made,
              reinterpret_cast<const unsigned char*>(lanes[i].from + done * aes_block_bytes),
              static_cast<int>(now * aes_block_bytes)) != 1)
        streams[i]->failure = error{errc::crypto, "unable to encrypt"};
      done += now;
    }
  }
}

/// First pass: what waits goes out, and carried bytes become a block.
void encrypt_kernel::first_blocks(std::span<job> jobs) {
  std::vector<aes_lane> lanes;
  std::vector<encrypt_stream*> streams;
  for (auto& j : jobs) {
    auto& s = state_of(j);
    if (s.failure || !s.waiting.drain(j.out) || s.carried == 0 || j.out.empty())
      continue;
    fill_carry(s, j.in);
    if (s.carried < aes_block_bytes)
      continue;
    // The block is encrypted where it lies and then put out.
    lanes.push_back({&s.blocks, s.carry.data(), s.carry.data(), 1});
    streams.push_back(&s);
  }
  encrypt(lanes, streams);
  size_t next = 0;
  for (auto& j : jobs) {
    auto& s = state_of(j);
    if (next == streams.size() || streams[next] != &s)
      continue;
    ++next;
    s.waiting.put(s.carry);
    s.carried = 0;
    s.waiting.drain(j.out);
  }
}

/// Second pass: whole blocks straight from input to output.
void encrypt_kernel::whole_blocks(std::span<job> jobs) {
  std::vector<aes_lane> lanes;
  std::vector<encrypt_stream*> streams;
  for (auto& j : jobs) {
    auto& s = state_of(j);
    const size_t blocks = std::min(j.in.size(), j.out.size()) / aes_block_bytes;
    if (s.failure || !s.waiting.empty() || s.carried != 0 || blocks == 0)
      continue;
    lanes.push_back({&s.blocks, j.in.data(), j.out.data(), blocks});
    streams.push_back(&s);
    j.in = j.in.subspan(blocks * aes_block_bytes);
    j.out = j.out.subspan(blocks * aes_block_bytes);
  }
  encrypt(lanes, streams);
}

/// Third pass: a block that only partly fits the room, what is too short for a block, padding.
void encrypt_kernel::last_blocks(std::span<job> jobs) {
  for (auto& j : jobs) {
    auto& s = state_of(j);
    while (!s.failure && s.waiting.drain(j.out) && !j.out.empty() && !s.padded) {
      fill_carry(s, j.in);
      if (s.carried < aes_block_bytes) {
        if (!j.last)
          break;
        const auto gap = aes_block_bytes - s.carried;
        std::fill(s.carry.end() - static_cast<ptrdiff_t>(gap), s.carry.end(),
                  static_cast<std::byte>(gap));
        s.padded = true;
      }
      const aes_lane lane{&s.blocks, s.carry.data(), s.carry.data(), 1};
      encrypt_stream* const one[] = {&s};
      encrypt(std::span(&lane, 1), one);
      s.waiting.put(s.carry);
      s.carried = 0;
    }
    j.failure = s.failure;
    j.finished = !s.failure && j.last && s.padded && s.waiting.empty();
  }
}

void encrypt_kernel::run(std::span<job> jobs) {
  first_blocks(jobs);
  whole_blocks(jobs);
  last_blocks(jobs);
}

} // namespace

result<aes_salt> random_salt() {
  aes_salt salt;
  if (RAND_bytes(reinterpret_cast<unsigned char*>(salt.data()), static_cast<int>(salt.size())) != 1)
    return error{errc::crypto, "unable to get random bytes for a salt"};
  return salt;
}

std::unique_ptr<kernel> make_encrypt(std::string_view passphrase, encrypt_options options) {
  return std::make_unique<encrypt_kernel>(passphrase, std::move(options));
}

} // namespace pgbraid::codec

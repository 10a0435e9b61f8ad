// The order of what is done to the bytes of files, and the kernels that do it.
// SPDX-License-Identifier: MIT
#include "engine/graph/node_rows.hpp"

#include "engine/codec/aes.hpp"
#include "engine/codec/block_pack.hpp"
#include "engine/codec/block_unpack.hpp"
#include "engine/codec/container_kernel.hpp"
#include "engine/codec/digest.hpp"
#include "engine/codec/page_check.hpp"

#include <array>

namespace pgbraid::graph {

namespace {

using codec::file_rules;
using made_kernel = result<std::unique_ptr<codec::kernel>>;

struct compressor_prior {
  double compress_s;
  double decompress_s;
  double ratio;
};

// From both data sets of bench/README.md, "Priors of the graph"; decompression is estimated.
compressor_prior prior_of(compress_type type) {
  switch (type) {
  case compress_type::none:
    break;
  case compress_type::gz:
    return {1.4, 1.5, 0.22};
  case compress_type::lz4:
    return {1.0, 0.3, 0.35};
  case compress_type::zst:
    return {4.0, 0.7, 0.2};
  case compress_type::bz2:
    return {60, 25, 0.18};
  }
  return {0, 0, 1};
}

bool is_compressed(const file_rules& by) {
  return by.compression != compress_type::none;
}

bool is_encrypted(const file_rules& by) {
  return !by.cipher_pass.empty();
}

bool wants_checksum(const file_rules& by) {
  return by.checksum;
}

template <class Kernel, class... Args> made_kernel make(Args&&... args) {
  return std::unique_ptr<codec::kernel>(std::make_unique<Kernel>(std::forward<Args>(args)...));
}

made_kernel make_page_check(const file_rules& by) {
  return make<codec::page_check_kernel>(codec::page_check_settings{
      .page_bytes = by.page_bytes, .header_check = by.page_header_check});
}

made_kernel make_digest(const file_rules&) {
  return make<codec::digest_kernel>();
}

made_kernel make_decrypt(const file_rules& by) {
  const auto pass = by.cipher_pass.view();
  return make<codec::container_kernel>(codec::make_decrypt(pass), codec::make_decrypt(pass, true));
}

made_kernel make_decompress(const file_rules& by) {
  return make<codec::container_kernel>(codec::make_decompress(by.compression),
                                       codec::make_decompress(by.compression, true));
}

/// For both kinds of containers where both are needed.
template <class Make> made_kernel for_containers(const file_rules& by, Make&& make_one) {
  auto normal = make_one(false);
  if (!normal || !by.raw_members)
    return normal;
  auto raw = make_one(true);
  if (!raw)
    return raw;
  return make<codec::container_kernel>(std::move(*normal), std::move(*raw));
}

made_kernel make_compress(const file_rules& by) {
  return for_containers(by, [&](bool raw) -> made_kernel {
    return codec::make_compress(by.compression, static_cast<int>(by.compress_level),
                                {.raw = raw, .engine = by.gz});
  });
}

made_kernel make_encrypt(const file_rules& by) {
  return for_containers(by, [&](bool raw) -> made_kernel {
    return codec::make_encrypt(by.cipher_pass.view(), {.raw = raw});
  });
}

constexpr node_row page_check_row{.name = "page-check",
                                  .prior = {0.085},
                                  .wanted = [](const file_rules& by) { return by.checksum_page; },
                                  .make = make_page_check,
                                  .finds = finding::pages};

constexpr node_row plain_checksum{.name = "checksum",
                                  .prior = {0.24},
                                  .wanted = wants_checksum,
                                  .make = make_digest,
                                  .finds = finding::checksum};

constexpr node_row compress_row{.name = "compress",
                                .prior_of = [](const file_rules& by) -> node_prior {
                                  const auto prior = prior_of(by.compression);
                                  return {prior.compress_s, prior.ratio};
                                },
                                .wanted = is_compressed,
                                .make = make_compress,
                                .changes_bytes = true,
                                .memory =
                                    [](const file_rules& by) {
                                      auto out = codec::memory_of(
                                          by.compression, static_cast<int>(by.compress_level));
                                      if (by.raw_members) // tables of both kinds of containers
                                        out.kernel_bytes *= 2;
                                      if (by.blocks) // a file has this stream or that of its blocks
                                        out.stream_bytes = 0;
                                      return out;
                                    },
                                .lanes = 4};

// AES is saturated by eight streams.
constexpr node_row encrypt_row{.name = "encrypt",
                               .prior = {0.25},
                               .wanted = is_encrypted,
                               .make = make_encrypt,
                               .changes_bytes = true,
                               .lanes = 8};

constexpr node_row pack_blocks_row{
    .name = "pack-blocks",
    .prior_of = [](const file_rules& by) -> node_prior {
      const auto prior = prior_of(by.compression);
      return {0.1 + prior.compress_s + (is_encrypted(by) ? 0.25 : 0), prior.ratio};
    },
    .wanted = [](const file_rules& by) { return by.blocks; },
    .make = [](const file_rules& by) -> made_kernel {
      auto made = codec::block_pack_kernel::make(
          by.compression, static_cast<int>(by.compress_level), by.gz, by.cipher_pass.view());
      if (!made)
        return made.failure();
      return std::unique_ptr<codec::kernel>(std::move(*made));
    },
    .changes_bytes = true,
    .memory =
        [](const file_rules& by) {
          return codec::memory_of_block_pack(by.compression, static_cast<int>(by.compress_level));
        },
    .lanes = 4};

constexpr node_row repo_checksum_row{
    .name = "repo-checksum",
    .prior = {0.24},
    .wanted = [](const file_rules& by) { return by.repo_checksum && by.changes_bytes(); },
    .make = make_digest,
    .finds = finding::repo_checksum};

constexpr node_row unpack_blocks_row{
    .name = "unpack-blocks",
    .prior_of = [](const file_rules& by) -> node_prior {
      return {prior_of(by.compression).decompress_s + (is_encrypted(by) ? 0.2 : 0)};
    },
    .wanted = [](const file_rules& by) { return by.blocks; },
    .make = [](const file_rules& by) -> made_kernel {
      return make<codec::block_unpack_kernel>(by.compression, by.cipher_pass.view());
    },
    .changes_bytes = true,
    .memory = [](const file_rules&) { return codec::memory_of_block_unpack(); }};

constexpr node_row decrypt_row{.name = "decrypt",
                               .prior = {0.2},
                               .wanted = is_encrypted,
                               .make = make_decrypt,
                               .changes_bytes = true};

constexpr node_row decompress_row{.name = "decompress",
                                  .prior_of = [](const file_rules& by) -> node_prior {
                                    return {prior_of(by.compression).decompress_s};
                                  },
                                  .wanted = is_compressed,
                                  .make = make_decompress,
                                  .changes_bytes = true,
                                  .gives_plain = true};

constexpr std::array packing{page_check_row, plain_checksum, pack_blocks_row,
                             compress_row,   encrypt_row,    repo_checksum_row};
constexpr std::array unpacking{unpack_blocks_row, decrypt_row, decompress_row, plain_checksum};

} // namespace

const node_row checksum_row = plain_checksum;

std::span<const node_row> packing_rows() {
  return packing;
}

std::span<const node_row> unpacking_rows() {
  return unpacking;
}

} // namespace pgbraid::graph

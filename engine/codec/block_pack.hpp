// A kernel that keeps of a file what changed: its blocks, put together and packed as super blocks.
// Source of the format: engine/format/README.md, section 15.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/codec/block_checksum.hpp"
#include "engine/codec/compress.hpp"
#include "engine/codec/compress_memory.hpp"
#include "engine/codec/kernel.hpp"

#include <cstdint>
#include <memory>
#include <string_view>

namespace pgbraid::codec {

/// Decides about the blocks of one file, in their order, and hears what became of them.
class block_judge {
public:
  virtual ~block_judge() = default;
  /// Whether the next block has to be stored. @param plain_bytes  less only of the last one
  virtual bool takes(const block_sum& sum, uint64_t plain_bytes) = 0;
  /// All that were taken since the last call are in one super block.
  virtual void packed(uint64_t plain_bytes, uint64_t stored_bytes) = 0;
};

/// How one file is cut.
struct block_cut {
  uint64_t block_bytes = 0;
  uint64_t super_bytes = 0; ///< whole blocks
  std::shared_ptr<block_judge> judge = {};
};

/// Streams become their super blocks, one behind the other: nothing where no block is taken. The
/// map, which belongs behind them, is for whoever knows where they lie. A super block is compressed
/// and encrypted in raw containers for itself.
class block_pack_kernel final : public kernel {
public:
  /// Fails as `make_compress` does. @param passphrase  empty: not encrypted
  static result<std::unique_ptr<block_pack_kernel>> make(compress_type type, int level,
                                                         gz_engine gz, std::string_view passphrase);
  ~block_pack_kernel() override;

  /// A stream of which every block of 8 KiB is taken.
  std::unique_ptr<stream> open() override;
  std::unique_ptr<stream> open(block_cut how);
  void run(std::span<job> jobs) override;
  bool transforms() const override { return true; }

private:
  struct packing;
  block_pack_kernel(std::unique_ptr<kernel> compress, std::unique_ptr<kernel> encrypt);
  result<void> advance(packing& at, job& of);
  static bool lend(packing& at, job& of);
  static void send(packing& at, byte_view super_block);
  static void keep(packing& at, byte_view bytes);
  static void take(packing& at, job& of);
  static void end_block(packing& at);
  static result<void> pack(packing& at, job& of);

  std::unique_ptr<kernel> compress_; ///< null: not compressed
  std::unique_ptr<kernel> encrypt_;  ///< null: not encrypted
};

/// Beside the super block that a stream puts together.
compress_memory memory_of_block_pack(compress_type type, int level);

} // namespace pgbraid::codec

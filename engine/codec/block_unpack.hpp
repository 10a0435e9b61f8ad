// A kernel that unpacks super blocks: each encrypted and compressed for itself, one behind the
// other. Source of the format: engine/format/README.md, section 15.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/compress_type.hpp"
#include "engine/codec/compress_memory.hpp"
#include "engine/codec/kernel.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

namespace pgbraid::codec {

/// One super block in a stream of stored bytes.
struct super_block {
  uint64_t skip_bytes = 0; ///< stored bytes before it that belong to nothing
  uint64_t stored_bytes = 0;
  uint64_t plain_bytes = 0;
};

/// Tells what comes next; nothing at the end of the stream.
using super_block_source = std::function<std::optional<super_block>()>;

/// Streams become the plain bytes of their super blocks. One that unpacks to more or less than its
/// plain size, or whose stored bytes go on behind its end, fails with `format`, and so does a
/// stream that ends too early or goes on; wrong passphrases fail with `crypto`.
class block_unpack_kernel final : public kernel {
public:
  /// @param passphrase  empty: not encrypted
  block_unpack_kernel(compress_type type, std::string_view passphrase);
  ~block_unpack_kernel() override;

  /// A stream without super blocks: there must be nothing in it.
  std::unique_ptr<stream> open() override;
  std::unique_ptr<stream> open(super_block_source from);
  void run(std::span<job> jobs) override;
  bool transforms() const override { return true; }

private:
  struct unpacking;
  std::optional<error> advance(unpacking& at, job& of);
  std::optional<error> unpack(unpacking& at, job& of);

  std::unique_ptr<kernel> decrypt_;    ///< null: not encrypted
  std::unique_ptr<kernel> decompress_; ///< null: not compressed
};

/// Of its streams, beside what decompression takes.
compress_memory memory_of_block_unpack();

} // namespace pgbraid::codec

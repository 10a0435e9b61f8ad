// The SHA-1 of a stream, and of whole buffers.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/codec/cpu.hpp"
#include "engine/codec/kernel.hpp"

#include <array>
#include <cstdint>

namespace pgbraid::codec {

/// The 20 bytes of a SHA-1, first byte first; `to_hex` makes the text that manifests hold.
using sha1_digest = std::array<std::byte, 20>;

/// Observes streams and knows the SHA-1 and the length of each once it is finished.
/// Four streams stepped together take hardly more than twice the time of one.
/// Streams may outlive the kernel; one kernel may serve several threads.
class digest_kernel final : public kernel {
public:
  /// @param accelerated  use the processor's SHA rounds; without them OpenSSL does the work
  explicit digest_kernel(bool accelerated = has_sha_rounds());

  std::unique_ptr<stream> open() override;
  /// Never fails. An empty stream wants one job with `last`.
  void run(std::span<job> jobs) override;
  bool transforms() const override { return false; }
  size_t width() const override { return 4; }

  /// The digest of a stream that is finished.
  static sha1_digest value(const stream& finished);
  /// How many bytes the stream has had so far.
  static uint64_t count(const stream& any);

private:
  bool accelerated_;
};

/// The SHA-1 of one buffer.
sha1_digest sha1_of(byte_view bytes);

} // namespace pgbraid::codec

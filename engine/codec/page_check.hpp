// Checks the checksums of PostgreSQL data pages while they pass by.
// Algorithm and rules: engine/format/README.md, section 12.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/codec/cpu.hpp"
#include "engine/codec/kernel.hpp"

#include <cstdint>
#include <functional>
#include <vector>

namespace pgbraid::codec {

struct page_check_settings {
  /// A power of two from 1 KiB to 32 KiB.
  uint32_t page_bytes = 8192;
  /// `page-header-check`: only pd_upper = 0 marks a page that may be all zero; otherwise
  /// pd_checksum = 0 does.
  bool header_check = true;
  bool vectors = has_avx2();
};

/// Where the bytes of one stream come from.
struct page_source {
  /// The numeric suffix of the file name: 2 for `16384.2`, 0 without one.
  uint32_t segment = 0;
  /// Reads from the file again, at an offset within it; returns how many bytes it got, fewer only
  /// at the end of the file. A page that fails its checksum and has changed since counts as good.
  /// Without it nothing is read again. A failure of it fails the stream.
  std::function<result<size_t>(byte_span into, uint64_t offset_bytes)> read_again = {};
};

/// Pages `first` to `last`, both included; numbers count across segments.
struct page_range {
  uint64_t first = 0;
  uint64_t last = 0;
  bool operator==(const page_range&) const = default;
};

struct page_verdict {
  bool valid = true;
  /// The file does not end at a page border; then `bad` is empty although `valid` is false.
  bool misaligned = false;
  /// Ascending, neighbours joined.
  std::vector<page_range> bad = {};
};

/// Observes files of pages. Streams may outlive the kernel; one kernel may serve several threads
/// (each stream is stepped by one of them at a time).
class page_check_kernel final : public kernel {
public:
  explicit page_check_kernel(page_check_settings settings = {});

  std::unique_ptr<stream> open() override { return open(page_source{}); }
  std::unique_ptr<stream> open(page_source source);
  /// Pages may straddle jobs, but whole pages per job are cheaper.
  void run(std::span<job> jobs) override;
  bool transforms() const override { return false; }

  /// What was found in a stream that is finished.
  static const page_verdict& verdict(const stream& finished);

private:
  page_check_settings settings_;
};

} // namespace pgbraid::codec

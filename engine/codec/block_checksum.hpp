// The checksum by which blocks of a file are compared: XXH3 of 128 bits.
// Source of the format: engine/format/README.md, section 15.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/bytes.hpp"

#include <array>
#include <memory>

namespace pgbraid::codec {

/// Big-endian, seed 0; a block map has the first few bytes.
using block_sum = std::array<std::byte, 16>;

/// Of one buffer.
block_sum block_sum_of(byte_view bytes);

/// Of bytes that come in pieces, one block after the other.
class block_summer {
public:
  block_summer();
  ~block_summer();
  block_summer(block_summer&&) noexcept;
  block_summer& operator=(block_summer&&) noexcept;

  void add(byte_view bytes);
  /// Of what was added since the last call, or since the beginning.
  block_sum take();

private:
  struct state;
  std::unique_ptr<state> state_;
};

} // namespace pgbraid::codec

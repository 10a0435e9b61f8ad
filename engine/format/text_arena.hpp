// Keeps many short texts in few large pieces of memory.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace pgbraid::format {

/// Owns copies of texts; the views it returns stay valid until it is destroyed, also when it moves.
class text_arena {
public:
  std::string_view keep(std::string_view text);

private:
  static constexpr size_t piece_bytes = 64 << 10;
  std::vector<std::unique_ptr<char[]>> pieces_;
  char* free_ = nullptr;
  size_t free_bytes_ = 0;
};

} // namespace pgbraid::format

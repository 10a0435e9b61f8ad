// Keeps many short texts in few large pieces of memory.
// SPDX-License-Identifier: MIT
#include "engine/format/text_arena.hpp"

#include <algorithm>
#include <cstring>

namespace pgbraid::format {

std::string_view text_arena::keep(std::string_view text) {
  if (text.empty())
    return {};
  if (text.size() > free_bytes_) {
    const size_t room = std::max(piece_bytes, text.size());
    pieces_.push_back(std::make_unique_for_overwrite<char[]>(room));
    free_ = pieces_.back().get();
    free_bytes_ = room;
  }
  std::memcpy(free_, text.data(), text.size());
  const std::string_view kept(free_, text.size());
  free_ += text.size();
  free_bytes_ -= text.size();
  return kept;
}

} // namespace pgbraid::format

// Sorting by what tells names of one directory apart.
// SPDX-License-Identifier: MIT
#include "engine/format/name_order.hpp"

#include "engine/base/path.hpp"

#include <algorithm>
#include <tuple>

namespace pgbraid::format {

namespace {

constexpr size_t head_bytes = 8;

/// Names of one directory differ in their last part only, and mostly within its first bytes: the
/// names themselves, each somewhere else in memory, need not be looked at.
struct key {
  uint64_t head = 0; ///< of the last part, the first byte on top; zeros behind a shorter one
  uint32_t directory = 0;
  uint32_t index = 0;
};

uint64_t head_of(std::string_view last_part) {
  uint64_t out = 0;
  for (size_t i = 0; i < head_bytes; ++i)
    out = out << 8 | (i < last_part.size() ? static_cast<unsigned char>(last_part[i]) : 0U);
  return out;
}

} // namespace

std::vector<uint32_t> name_order(uint32_t count,
                                 const std::function<std::string_view(uint32_t)>& name_of) {
  std::vector<key> keys;
  keys.reserve(count);
  std::string_view directory;
  uint32_t number = 0;
  for (uint32_t i = 0; i < count; ++i) {
    const auto parts = split_path(name_of(i));
    if (parts.parent != directory) {
      directory = parts.parent;
      ++number;
    }
    keys.push_back({head_of(parts.name), number, i});
  }
  std::sort(keys.begin(), keys.end(), [&](const key& a, const key& b) {
    if (a.directory == b.directory && a.head != b.head)
      return a.head < b.head;
    return std::tuple(name_of(a.index), a.index) < std::tuple(name_of(b.index), b.index);
  });
  std::vector<uint32_t> out;
  out.reserve(count);
  for (const auto& one : keys)
    out.push_back(one.index);
  return out;
}

} // namespace pgbraid::format

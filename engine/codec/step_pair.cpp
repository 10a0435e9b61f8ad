// Stepping two kernels.
// SPDX-License-Identifier: MIT
#include "engine/codec/step_pair.hpp"

#include <algorithm>
#include <cstring>

namespace pgbraid::codec {

step_pair::step_pair(kernel* first, kernel* second) : first_(first), second_(second) {
  if (first_ != nullptr && second_ != nullptr)
    room_.resize(between_bytes);
}

void step_pair::begin() {
  first_stream_ = first_ != nullptr ? first_->open() : nullptr;
  second_stream_ = second_ != nullptr ? second_->open() : nullptr;
  between_ = {};
}

result<void> step_pair::step(window& from, byte_span room, window& made) {
  if (first_ == nullptr && second_ == nullptr) {
    const auto count = std::min(from.bytes.size(), room.size());
    if (count != 0)
      std::memcpy(room.data(), from.bytes.data(), count);
    from.bytes = from.bytes.subspan(count);
    from.fresh = !from.bytes.empty();
    made = window_of(room.first(count), from.last && from.bytes.empty());
    return success();
  }
  if (second_ == nullptr)
    return transform(*first_, *first_stream_, from, room, made);
  if (first_ == nullptr)
    return transform(*second_, *second_stream_, from, room, made);
  if (!between_.fresh)
    if (auto stepped = transform(*first_, *first_stream_, from, room_, between_); !stepped)
      return stepped;
  made = {};
  return between_.fresh ? transform(*second_, *second_stream_, between_, room, made) : success();
}

} // namespace pgbraid::codec

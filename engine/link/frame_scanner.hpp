// Counts the frames in a stream of HTTP/2 bytes, those too that the HTTP/2 library passes over.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/bytes.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace pgbraid::link {

/// Looks at the head of each frame and at nothing else.
class frame_scanner {
public:
  /// Frames whose last byte came.
  struct counts {
    size_t data = 0;
    size_t unknown = 0; ///< of types that HTTP/2 does not know
  };

  /// @param preface_bytes  what comes before the first frame
  explicit frame_scanner(size_t preface_bytes) : left_bytes_(preface_bytes) {}

  counts scan(byte_view in) {
    counts out;
    while (!in.empty()) {
      if (left_bytes_ == 0 && !take_head(in))
        break; // the head is complete with what comes next
      const auto passed = std::min(left_bytes_, in.size());
      left_bytes_ -= passed;
      in = in.subspan(passed);
      if (left_bytes_ == 0 && type_) {
        out.data += *type_ == data_type ? 1 : 0;
        out.unknown += *type_ > last_known_type ? 1 : 0;
        type_.reset();
      }
    }
    return out;
  }

private:
  static constexpr uint8_t data_type = 0;
  static constexpr uint8_t last_known_type = 9; ///< CONTINUATION

  /// Whether the head is complete.
  bool take_head(byte_view& in) {
    const auto taken = std::min(head_.size() - filled_, in.size());
    std::copy_n(in.begin(), taken, head_.begin() + static_cast<std::ptrdiff_t>(filled_));
    in = in.subspan(taken);
    filled_ += taken;
    if (filled_ < head_.size())
      return false;
    filled_ = 0;
    left_bytes_ = std::to_integer<size_t>(head_[0]) << 16 | std::to_integer<size_t>(head_[1]) << 8 |
                  std::to_integer<size_t>(head_[2]);
    type_ = std::to_integer<uint8_t>(head_[3]);
    return true;
  }

  std::array<std::byte, 9> head_ = {};
  size_t filled_ = 0;
  size_t left_bytes_;                ///< of the preface, or of the payload
  std::optional<uint8_t> type_ = {}; ///< of the frame whose payload comes
};

} // namespace pgbraid::link

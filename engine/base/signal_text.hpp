// Text that a signal handler may put together: no memory, no locale, no lock.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pgbraid {

/// At most 511 bytes; what does not fit is cut off.
class signal_text {
public:
  signal_text& add(std::string_view text) {
    const auto fits = std::min(text.size(), bytes_.size() - size_);
    std::copy_n(text.data(), fits, bytes_.data() + size_);
    size_ += fits;
    return *this;
  }
  /// @param digits  at least as many, with zeros before
  signal_text& add(uint64_t number, size_t digits = 1) {
    std::array<char, 20> reversed{};
    size_t count = 0;
    for (; number != 0 || count < digits; number /= 10)
      reversed[count++] = static_cast<char>('0' + number % 10);
    while (count > 0)
      add(std::string_view(&reversed[--count], 1));
    return *this;
  }
  std::string_view view() const { return {bytes_.data(), size_}; }

private:
  std::array<char, 511> bytes_{};
  size_t size_ = 0;
};

} // namespace pgbraid

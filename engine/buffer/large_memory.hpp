// One large piece of memory that is cheap to touch for the first time.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/bytes.hpp"

#include <cstdint>
#include <cstdlib>
#include <memory>

namespace pgbraid {

/// Bytes of undefined content, on huge pages where the kernel gives them: a WAL segment would
/// otherwise cost four thousand page faults. Empty where memory is short.
class large_memory {
public:
  large_memory() = default;
  explicit large_memory(size_t size_bytes);

  explicit operator bool() const { return memory_ != nullptr; }
  byte_span room() const { return {memory_.get(), size_bytes_}; }

private:
  struct release {
    void operator()(std::byte* memory) const { std::free(memory); }
  };
  std::unique_ptr<std::byte, release> memory_;
  size_t size_bytes_ = 0;
};

} // namespace pgbraid

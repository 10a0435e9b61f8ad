// Aligned memory and the advice that goes with it.
// SPDX-License-Identifier: MIT
#include "engine/buffer/large_memory.hpp"

#include <sys/mman.h>

namespace pgbraid {

namespace {

constexpr size_t huge_page_bytes = size_t{2} << 20;

} // namespace

large_memory::large_memory(size_t size_bytes) {
  const auto rounded = (size_bytes + huge_page_bytes - 1) / huge_page_bytes * huge_page_bytes;
  memory_.reset(static_cast<std::byte*>(std::aligned_alloc(huge_page_bytes, rounded)));
  if (!memory_)
    return;
  size_bytes_ = size_bytes;
  // Only advice: small pages do as well.
  ::madvise(memory_.get(), rounded, MADV_HUGEPAGE);
}

} // namespace pgbraid

// The slab pool.
// SPDX-License-Identifier: MIT
#include "engine/buffer/slab.hpp"

#include <cassert>

namespace pgbraid {

slab::slab(slab_pool& pool, std::unique_ptr<std::byte[]> memory)
    : pool_(pool), memory_(std::move(memory)) {}

slab::~slab() {
  pool_.give_back(std::move(memory_));
}

slab_pool::~slab_pool() {
  assert(out_slabs_ == 0); // a slab outlived its pool
}

slab_ptr slab_pool::try_take() {
  std::unique_ptr<std::byte[]> memory;
  {
    const std::lock_guard lock(mutex_);
    if (out_slabs_ == limit_slabs_)
      return nullptr;
    ++out_slabs_;
    if (!idle_.empty()) {
      memory = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  // Not zeroed: whoever takes a slab fills it before reading.
  if (!memory)
    memory = std::make_unique_for_overwrite<std::byte[]>(slab_bytes);
  return std::make_shared<slab>(*this, std::move(memory));
}

void slab_pool::give_back(std::unique_ptr<std::byte[]> memory) {
  const std::lock_guard lock(mutex_);
  --out_slabs_;
  idle_.push_back(std::move(memory));
}

} // namespace pgbraid

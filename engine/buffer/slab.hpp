// Chunk memory: fixed-size slabs from a pool with a hard limit.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/bytes.hpp"

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace pgbraid {

/// Bytes that move between the steps of a graph in one piece.
inline constexpr size_t chunk_bytes = size_t{1} << 20;
/// Room for what a step may add to a chunk: frame headers, incompressible data, padding.
inline constexpr size_t slab_bytes = chunk_bytes + (size_t{64} << 10);

class slab_pool;

/// One piece of chunk memory. One owner at a time; its destructor gives the memory back to the
/// pool.
class slab {
public:
  slab(slab_pool& pool, std::unique_ptr<std::byte[]> memory);
  ~slab();
  slab(const slab&) = delete;
  slab& operator=(const slab&) = delete;

  byte_span room() { return {memory_.get(), slab_bytes}; }

private:
  slab_pool& pool_;
  std::unique_ptr<std::byte[]> memory_;
};

using slab_ptr = std::shared_ptr<slab>;

/// Hands out slabs up to a limit; thread-safe. Must outlive its slabs.
class slab_pool {
public:
  explicit slab_pool(size_t limit_slabs) : limit_slabs_(limit_slabs) {}
  ~slab_pool();
  slab_pool(const slab_pool&) = delete;
  slab_pool& operator=(const slab_pool&) = delete;

  /// Null when the limit is reached: whoever asks does not start, so nobody holds and waits.
  slab_ptr try_take();
  uint64_t ceiling_bytes() const { return uint64_t{limit_slabs_} * slab_bytes; }

private:
  friend class slab;
  void give_back(std::unique_ptr<std::byte[]> memory);

  const size_t limit_slabs_;
  std::mutex mutex_;
  size_t out_slabs_ = 0;
  std::vector<std::unique_ptr<std::byte[]>> idle_;
};

} // namespace pgbraid

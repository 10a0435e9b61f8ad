// Bytes that wait between two threads, in blocks.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/bytes.hpp"

#include <deque>
#include <memory>

namespace pgbraid::link {

/// First in, first out. Needs hardly more memory than it holds, however small the pieces are that
/// come in; has no limit and no lock of its own.
class byte_queue {
public:
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  void append(byte_view in);
  /// Moves as many bytes as there are and `out` has room for.
  size_t take(byte_span out);
  void clear();

private:
  struct block {
    std::unique_ptr<std::byte[]> bytes;
    size_t room = 0;
    size_t begin = 0;
    size_t end = 0;
  };
  block make_block(size_t wanted);
  void drop_first();

  std::deque<block> blocks_;
  /// One full-sized block kept back, so that a steady flow allocates nothing.
  block spare_;
  size_t size_ = 0;
};

} // namespace pgbraid::link

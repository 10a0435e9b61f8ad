// Small cluster files read ahead in groups, so that a cold cache is asked for many at once.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/storage.hpp"

#include <memory>
#include <string>
#include <vector>

namespace pgbraid {

/// The small files of one batch. Memory: at most one window of content, and what its tasks still
/// read. Used by the one thread that opens the tasks of the batch.
class small_files {
public:
  static constexpr uint64_t largest_bytes = uint64_t{256} << 10;
  static constexpr uint64_t window_bytes = uint64_t{4} << 20;
  static constexpr size_t window_files = 64;

  /// Adds a file in the order in which it will be asked for; returns its index.
  size_t add(storage& in, std::string path, uint64_t size_bytes);
  /// The content of a file that was added, reading its window if need be. Null when it could not be
  /// read whole this way (it grew, or failed): the caller opens it itself.
  std::shared_ptr<const std::vector<std::byte>> take(size_t index, io::io_engine* engine);

private:
  struct waiting {
    storage* in;
    std::string path;
    uint64_t size_bytes;
    std::shared_ptr<const std::vector<std::byte>> content;
  };
  void read_window(size_t from, io::io_engine* engine);

  std::vector<waiting> files_;
  size_t read_to_ = 0;
};

} // namespace pgbraid

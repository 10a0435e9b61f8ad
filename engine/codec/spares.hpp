// Library contexts that closed streams leave for the next ones.
// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace pgbraid::codec {

/// Small files come by the thousand, and a context costs more to make than they cost to compress.
/// Shared by a kernel and its streams. Thread-safe: in the unfused graph streams are opened by the
/// first actor of a chain and closed by the last.
template <class T> class spares {
public:
  /// Null when none is left.
  std::unique_ptr<T> take() {
    const std::lock_guard lock(mutex_);
    if (kept_.empty())
      return nullptr;
    auto one = std::move(kept_.back());
    kept_.pop_back();
    return one;
  }
  void give(std::unique_ptr<T> one) {
    constexpr size_t keep_count = 16;
    const std::lock_guard lock(mutex_);
    if (one && kept_.size() < keep_count)
      kept_.push_back(std::move(one));
  }

private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<T>> kept_;
};

} // namespace pgbraid::codec

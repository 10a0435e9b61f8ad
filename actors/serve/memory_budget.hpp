// What the requests of one connection may take in memory, all together.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>

namespace pgbraid::serve {

/// One for each connection; shared by all that works for it. Thread-safe. Nothing begins before its
/// bytes were given; they come back when the lease and all its copies are gone.
class memory_budget : public std::enable_shared_from_this<memory_budget> {
public:
  static constexpr size_t limit_bytes = size_t{256} << 20;
  /// What the largest request takes. Copies leave so much alone, so that none waits for their end.
  static constexpr size_t largest_request_bytes = size_t{64} << 20;
  /// What the workers of a copy may take: its answers need some of the rest.
  static constexpr size_t copy_limit_bytes = size_t{128} << 20;
  /// What an answer holds that was written but not sent, and what is on its way there.
  static constexpr size_t answer_bytes = size_t{5} << 19;

  using lease = std::shared_ptr<void>;

  /// Null when there is not so much left.
  lease for_request(size_t bytes) { return take(bytes, limit_bytes); }
  lease for_copied_answer() { return take(answer_bytes, limit_bytes - largest_request_bytes); }
  /// Null only when a copy may never take so much. What is in use now may leave no room: the copy
  /// waits until `keeps_limit`, and nothing else begins before it.
  lease for_copy(size_t bytes) {
    return bytes > copy_limit_bytes ? lease() : take(bytes, limit_bytes + copy_limit_bytes);
  }
  bool keeps_limit() const {
    const std::lock_guard held(mutex_);
    return used_bytes_ <= limit_bytes;
  }

private:
  lease take(size_t bytes, size_t limit) {
    {
      const std::lock_guard held(mutex_);
      if (used_bytes_ + bytes > limit)
        return {};
      used_bytes_ += bytes;
    }
    // Without the lock: where memory is short, the lease gives its bytes back while it is made.
    return {this, [bytes, self = shared_from_this()](void*) { self->give_back(bytes); }};
  }
  void give_back(size_t bytes) {
    const std::lock_guard held(mutex_);
    used_bytes_ -= bytes;
  }

  mutable std::mutex mutex_;
  size_t used_bytes_ = 0;
};

} // namespace pgbraid::serve

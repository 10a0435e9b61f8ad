// What large files may have under way beyond their own share.
// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstddef>
#include <utility>

namespace pgbraid::sftp {

/// A number of pieces for whoever comes first; outlives what it hands out. Thread-safe.
class spare_pieces {
public:
  explicit spare_pieces(size_t count) : left_(count) {}

  /// One of them, given back when this goes; or none.
  class holding {
  public:
    holding() = default;
    holding(holding&& other) noexcept : from_(std::exchange(other.from_, nullptr)) {}
    holding& operator=(holding&& other) noexcept {
      std::swap(from_, other.from_);
      return *this;
    }
    ~holding() {
      if (from_ != nullptr)
        ++from_->left_;
    }
    explicit operator bool() const { return from_ != nullptr; }

  private:
    friend class spare_pieces;
    explicit holding(spare_pieces* from) : from_(from) {}
    spare_pieces* from_ = nullptr;
  };

  /// None when all are in use.
  holding take() {
    auto left = left_.load();
    while (left > 0)
      if (left_.compare_exchange_weak(left, left - 1))
        return holding(this);
    return {};
  }

private:
  std::atomic<size_t> left_;
};

} // namespace pgbraid::sftp

// How long a store takes to answer, and when that is too long.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>

namespace pgbraid::object {

/// How long a read is waited for before the same is asked for once more: far longer than nine of
/// ten took. Empty until enough of them were seen.
std::optional<std::chrono::milliseconds>
patience_after(std::span<const std::chrono::milliseconds> recent);

/// Whether one more read may be asked for twice: where all are slow, twice as many do not help.
/// @param reads        so far
/// @param asked_twice  of those
/// @param under_way    second ones
bool may_ask_twice(uint64_t reads, uint64_t asked_twice, size_t under_way);

/// Second requests that are under way, at most: each may hold a piece of its own.
inline constexpr size_t second_reads_most = 4;

/// What the reads of one store took lately. Thread-safe.
class read_pace : public std::enable_shared_from_this<read_pace> {
public:
  void begun();
  void took(uint64_t bytes, std::chrono::milliseconds how_long);
  std::optional<std::chrono::milliseconds> patience(uint64_t bytes) const;

  /// Leave to ask for something a second time, until it goes.
  using leave = std::shared_ptr<const void>;
  /// Null where none is given.
  leave ask_twice();

private:
  /// Reads are compared with those of like sizes only.
  static size_t class_of(uint64_t bytes);

  mutable std::mutex mutex_;
  std::array<std::deque<std::chrono::milliseconds>, 4> recent_;
  uint64_t reads_ = 0;
  uint64_t asked_twice_ = 0;
  size_t under_way_ = 0;
};

} // namespace pgbraid::object

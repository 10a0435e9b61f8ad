// When a read is much slower than its siblings.
// SPDX-License-Identifier: MIT
#include "storage/driver/object/read_pace.hpp"

#include <algorithm>
#include <vector>

namespace pgbraid::object {

namespace {

using std::chrono::milliseconds;

/// So many tell what is usual; more than that are forgotten.
constexpr size_t seen_least = 16;
constexpr size_t seen_most = 64;
/// What takes less is never slow: another connection may take as long.
constexpr milliseconds patience_least{500};
/// One second request for so many reads.
constexpr uint64_t reads_for_one = 20;

} // namespace

std::optional<milliseconds> patience_after(std::span<const milliseconds> recent) {
  if (recent.size() < seen_least)
    return std::nullopt;
  std::vector<milliseconds> sorted(recent.begin(), recent.end());
  const auto slow = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() * 9 / 10);
  std::ranges::nth_element(sorted, slow);
  return std::max(patience_least, *slow * 3);
}

bool may_ask_twice(uint64_t reads, uint64_t asked_twice, size_t under_way) {
  return under_way < second_reads_most && asked_twice < reads / reads_for_one + 1;
}

/// 64 KiB, 512 KiB, 2 MiB.
size_t read_pace::class_of(uint64_t bytes) {
  return bytes <= uint64_t{64} << 10    ? 0
         : bytes <= uint64_t{512} << 10 ? 1
         : bytes <= uint64_t{2} << 20   ? 2
                                        : 3;
}

void read_pace::begun() {
  const std::lock_guard held(mutex_);
  ++reads_;
}

void read_pace::took(uint64_t bytes, milliseconds how_long) {
  const std::lock_guard held(mutex_);
  auto& recent = recent_[class_of(bytes)];
  recent.push_back(how_long);
  if (recent.size() > seen_most)
    recent.pop_front();
}

std::optional<milliseconds> read_pace::patience(uint64_t bytes) const {
  const std::lock_guard held(mutex_);
  const auto& recent = recent_[class_of(bytes)];
  return patience_after(std::vector(recent.begin(), recent.end()));
}

read_pace::leave read_pace::ask_twice() {
  const std::lock_guard held(mutex_);
  if (!may_ask_twice(reads_, asked_twice_, under_way_))
    return nullptr;
  ++asked_twice_;
  ++under_way_;
  return {this, [kept = shared_from_this()](const void*) {
            const std::lock_guard back(kept->mutex_);
            --kept->under_way_;
          }};
}

} // namespace pgbraid::object

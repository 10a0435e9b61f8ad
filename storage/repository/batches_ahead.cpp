// Looking ahead over batches.
// SPDX-License-Identifier: MIT
#include "storage/repository/batches_ahead.hpp"

#include <cassert>
#include <utility>

namespace pgbraid {

namespace {

/// Enough to fill a round trip of 50 ms at a gigabit: workers have some under way themselves.
constexpr size_t batches_ahead_most = 3;

size_t ahead_of(const storage& from) {
  return from.features().reads_ahead ? batches_ahead_most : 0;
}

} // namespace

batches_ahead::batches_ahead(storage& from, std::string_view stanza, const format::manifest& of,
                             const std::vector<plan::restore_batch>& batches, uint64_t beyond_bytes)
    : from_(from), stanza_(stanza), of_(of), batches_(batches), beyond_bytes_(beyond_bytes),
      ahead_(ahead_of(from)) {}

void batches_ahead::begin() {
  waiting_.push_back(read_batch_together(from_, stanza_, of_, batches_[begun_++], beyond_bytes_));
  if (ahead_ > 0 && waiting_.back() != nullptr)
    waiting_.back()->begin();
}

std::shared_ptr<shared_bytes> batches_ahead::next() {
  while (begun_ < batches_.size() && waiting_.size() <= ahead_)
    begin();
  assert(!waiting_.empty());
  auto out = std::move(waiting_.front());
  waiting_.pop_front();
  return out;
}

uint64_t batches_ahead::memory_bytes(const storage& from, const plan::batch_limits& limits) {
  return ahead_of(from) * limits.bytes;
}

} // namespace pgbraid

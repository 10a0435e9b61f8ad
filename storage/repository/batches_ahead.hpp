// The bytes of batches, asked for before their turn comes.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/repository/shared_bytes.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <string_view>
#include <vector>

namespace pgbraid {

/// Where a repository reads ahead, bytes of the next batches are on their way while workers are
/// busy with those before. Everything passed must outlive it. Used by one thread at a time.
class batches_ahead {
public:
  /// @param beyond_bytes  as of `read_batch_together`
  batches_ahead(storage& from, std::string_view stanza, const format::manifest& of,
                const std::vector<plan::restore_batch>& batches, uint64_t beyond_bytes = 0);

  /// Of the next batch; null where each file is read on its own. To be called once for each.
  std::shared_ptr<shared_bytes> next();

  /// What may be held of batches whose turn has not come.
  /// @param limits  that the batches were made with
  static uint64_t memory_bytes(const storage& from, const plan::batch_limits& limits);

private:
  void begin();

  storage& from_;
  const std::string_view stanza_;
  const format::manifest& of_;
  const std::vector<plan::restore_batch>& batches_;
  const uint64_t beyond_bytes_;
  const size_t ahead_;
  size_t begun_ = 0;
  std::deque<std::shared_ptr<shared_bytes>> waiting_;
};

} // namespace pgbraid

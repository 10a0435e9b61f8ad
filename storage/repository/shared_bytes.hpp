// The stored bytes of a batch of files, read together.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/format/manifest.hpp"
#include "engine/plan/bundle_runs.hpp"
#include "engine/plan/restore_order.hpp"
#include "storage/storage.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace pgbraid {

/// Reads with the first file that asks; goes with the last task that holds it. Used by one thread
/// at a time.
class shared_bytes {
public:
  virtual ~shared_bytes() = default;
  /// Asks for them now where the storage reads ahead; otherwise nothing is done.
  virtual void begin() = 0;
  /// What is held of all files.
  virtual uint64_t most_bytes() const = 0;
  /// The stored bytes of one file of the batch; fewer if the repository has fewer.
  /// @param engine  may be null
  virtual result<byte_view> bytes_of(size_t position, io::io_engine* engine) = 0;
};

/// How much of a repository is worth reading at once.
plan::batch_limits reading_of(const storage& repository);
/// Files that are stored one by one.
std::shared_ptr<shared_bytes> read_small_together(storage& from, std::vector<small_read> files);
/// Members of one bundle, in ascending order: neighbours with one read, those that lie elsewhere at
/// the same time.
std::shared_ptr<shared_bytes> read_members_together(storage& from, std::string path,
                                                    std::vector<plan::bundle_member> members);
/// Those of a batch; null where each file is read on its own, or nothing is read.
/// @param beyond_bytes  so much more of a small file is read than its manifest says
std::shared_ptr<shared_bytes> read_batch_together(storage& from, std::string_view stanza,
                                                  const format::manifest& of,
                                                  const plan::restore_batch& batch,
                                                  uint64_t beyond_bytes = 0);

} // namespace pgbraid

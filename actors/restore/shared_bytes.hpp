// The stored bytes of a batch of files, read together.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "storage/storage.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace pgbraid {

/// Reads with the first file that asks; goes with the last task that holds it. Used by one thread
/// at a time.
class shared_bytes {
public:
  virtual ~shared_bytes() = default;
  /// The stored bytes of one file of the batch; fewer if the repository has fewer.
  /// @param engine  may be null
  virtual result<byte_view> bytes_of(size_t position, io::io_engine* engine) = 0;
};

/// A piece of a bundle that one file takes.
struct bundle_member {
  uint64_t offset_bytes = 0;
  uint64_t length_bytes = 0;
};

class far_blocks;

/// What files of a batch read together.
struct batch_bytes {
  /// Their stored bytes; null: each file is read on its own.
  std::shared_ptr<shared_bytes> near = {};
  /// Of earlier backups; null: nothing.
  std::shared_ptr<far_blocks> far = {};
};

/// Files that are stored one by one.
std::shared_ptr<shared_bytes> read_small_together(storage& from, std::vector<small_read> files);
/// Members of one bundle, in ascending order: one read, gaps included.
std::shared_ptr<shared_bytes> read_members_together(storage& from, std::string path,
                                                    std::vector<bundle_member> members);

} // namespace pgbraid

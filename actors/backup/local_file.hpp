// A file of the cluster that is read on this host.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/backup/copy_results.hpp"
#include "actors/backup/small_files.hpp"
#include "engine/codec/digest.hpp"
#include "storage/cluster/cluster_files.hpp"
#include "storage/wire/wire.hpp"

#include <functional>

namespace pgbraid {

/// What is read.
struct local_wish {
  std::string name; ///< in the manifest
  cluster_file at = {};
  /// No more than this is read: files that a running cluster extends stop at the size of the walk.
  std::optional<uint64_t> limit_bytes = {};
  uint64_t expected_bytes = 0;
  /// When set the file is number `prefetch_index` of these.
  std::shared_ptr<small_files> prefetch = {};
  size_t prefetch_index = 0;
  /// When not null this is the content, whatever lies on disk.
  const std::vector<std::byte>* content = nullptr;
};

/// Reads a file once, from the disk or from what was prefetched. Page checks may look at it again.
class local_file {
public:
  explicit local_file(local_wish wish) : wish_(std::move(wish)) {}

  const std::string& name() const { return wish_.name; }
  /// False: the file is not there.
  result<bool> open(io::io_engine* engine);
  /// After `open` said no: whether the directory of the file is not there either.
  result<bool> is_path_gone() const;
  /// Whether there is nothing to read; only before the first `read`.
  result<bool> is_empty();
  /// Whether the content has this SHA-1 and the expected size; only before the first `read`.
  result<bool> has_content(const codec::sha1_digest& sha1);
  result<size_t> read(byte_span out);
  uint64_t read_bytes() const { return read_bytes_; }
  /// Reads from the disk as it is now. A file that is gone gives nothing.
  result<size_t> read_again(byte_span into, uint64_t offset_bytes) const;
  /// `read_again` as a function, which must not outlive this.
  std::function<result<size_t>(byte_span, uint64_t)> rereader() const;

private:
  local_wish wish_;
  std::unique_ptr<io::reader> reader_;
  std::shared_ptr<const std::vector<std::byte>> prefetched_;
  std::optional<byte_view> content_; ///< of `prefetched_`, or of the wish
  uint64_t read_bytes_ = 0;
};

/// What becomes of a file that is there, before any of it is read: `stored`, or only reported as
/// `empty` or `unchanged`, where the wish says so.
result<task_outcome> look_first(local_file& at, const wire::copied_file& wanted);

/// Whether the directory that a file lies in is missing.
result<bool> is_path_gone(const cluster_file& file);

} // namespace pgbraid

// One file on its way out of a repository.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/restore/placed_file.hpp"
#include "storage/repository/shared_bytes.hpp"

#include <cstdint>
#include <memory>

namespace pgbraid {

/// Streams a stored file through decrypt, decompress and digest into its place. Of a file that is
/// zeroed nothing is read: it gets its length. Never writes more than the manifest's size. Fails
/// with `checksum` (26) when what came out is not what was backed up.
class restore_task final : public placed_file {
public:
  /// @param copy      as of `placed_file`
  /// @param together  stored bytes of the file's batch; null: the file is read on its own
  /// @param position  of the file in the batch
  restore_task(restore_context& context, const format::manifest_file& file,
               const format::manifest_file& copy, std::shared_ptr<shared_bytes> together,
               size_t position);
  ~restore_task() override;

  result<bool> open(const graph::worker_tools& tools) override;
  result<size_t> read(byte_span out) override;
  std::unique_ptr<codec::stream> open_stream(codec::kernel& kernel) override;
  result<void> write(byte_view in) override;
  result<void> finish(const graph::file_streams& streams) override;
  result<bool> settled(bool wait) override;

private:
  void let_go() override;
  bool has_no_source() const { return file_.size_bytes == 0 || zeroed_; }
  result<void> open_source(const graph::worker_tools& tools);
  result<void> open_target(const graph::worker_tools& tools);
  /// Fails when what was written is not what was backed up.
  result<void> check_content(const graph::file_streams& streams) const;

  std::shared_ptr<shared_bytes> together_;
  size_t position_;
  byte_view stored_ = {}; ///< what is left of the batch's bytes
  std::unique_ptr<io::reader> source_;
  std::unique_ptr<io::writer> target_;
  uint64_t written_bytes_ = 0;
};

} // namespace pgbraid

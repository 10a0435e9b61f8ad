// One file that is stored in blocks, on its way out of a repository.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/restore/block_source.hpp"
#include "actors/restore/placed_file.hpp"
#include "engine/plan/block_reads.hpp"

#include <memory>
#include <optional>
#include <vector>

namespace pgbraid {

/// Reads super blocks backup by backup and puts each block where it belongs; then the whole file is
/// read back, and its SHA-1 must be the manifest's (`checksum`, 26). With delta, blocks that are
/// there already stay.
///
/// What comes out of the kernel that unpacks super blocks is in no order of the file, so all others
/// are bypassed.
class block_task final : public placed_file {
public:
  /// As of `restore_task`.
  block_task(restore_context& context, const format::manifest_file& file,
             const format::manifest_file& copy, batch_bytes together, size_t position);
  ~block_task() override;

  result<bool> open(const graph::worker_tools& tools) override;
  result<size_t> read(byte_span out) override;
  std::unique_ptr<codec::stream> open_stream(codec::kernel& kernel) override;
  result<void> write(byte_view in) override;
  result<void> finish(const graph::file_streams& streams) override;
  result<bool> settled(bool wait) override;

private:
  void let_go() override;
  result<void> open_target(const graph::worker_tools& tools);
  result<void> plan_reads(const graph::worker_tools& tools);
  error not_restored(const error& what) const;

  block_source source_;
  std::unique_ptr<io::updater> target_;
  plan::block_reads reads_;
  plan::block_scatter scatter_{reads_};
};

} // namespace pgbraid

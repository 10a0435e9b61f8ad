// Super blocks of earlier backups that the files of a batch are made of, read together.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/restore/batch_bytes.hpp"
#include "actors/restore/placed_file.hpp"
#include "engine/format/manifest.hpp"
#include "engine/plan/block_reads.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace pgbraid {

/// Neighbours in a bundle were neighbours in the bundles of earlier backups, too: what one file
/// wants there lies beside what the next one wants. Used by one thread at a time; goes with the
/// last task that holds it.
///
/// Nothing fails here: what could not be read is asked for again by the file that wants it, which
/// then tells what is wrong with it and no other.
class far_blocks {
public:
  /// @param files  of one batch of a bundle, in its order
  /// @param near   the stored bytes of that batch
  far_blocks(restore_context& context, std::span<const format::manifest_file* const> files,
             std::shared_ptr<shared_bytes> near);

  /// Looks at all maps of the batch, once: what a map and its reads take is held for one file at a
  /// time.
  void plan(io::io_engine* engine);
  /// The bytes of a range, if they were read together with others. Valid as long as this.
  std::optional<byte_view> bytes_of(const plan::block_range& wanted, io::io_engine* engine);

private:
  /// Of the blocks of a file, with delta, those that are there.
  result<std::vector<bool>> blocks_there(const format::manifest_file& file,
                                         const format::block_map& map);
  void add(std::vector<plan::block_range>& to, size_t position, io::io_engine* engine);

  restore_context& context_;
  const std::vector<const format::manifest_file*> files_;
  const std::shared_ptr<shared_bytes> near_;
  bool planned_ = false;
  std::vector<plan::block_range> ranges_;
  std::shared_ptr<shared_bytes> pieces_ = {}; ///< one for each range; null: there are none
};

} // namespace pgbraid

// The stored bytes of a file in blocks: its map, and super blocks of several backups.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/restore/batch_bytes.hpp"
#include "actors/restore/far_blocks.hpp"
#include "actors/restore/placed_file.hpp"
#include "engine/format/block_map.hpp"
#include "engine/plan/block_reads.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pgbraid {

/// Reads what a plan says, range after range, as if it were one stream. What lies in the bytes of
/// the file's batch is taken from there.
class block_source {
public:
  /// @param file      as the repository's own manifest has it
  /// @param position  of the file in the batch
  block_source(restore_context& context, const format::manifest_file& file, batch_bytes together,
               size_t position);

  /// Fails with `format` (29) or `crypto` (95) when it is none.
  result<format::block_map> read_map(io::io_engine* engine);
  /// Begins to read. @param ranges  must outlive the reading
  void begin(const std::vector<plan::block_range>& ranges, io::io_engine* engine);
  /// Fills `out` unless the last range ends. Fails with `format` (29) where a file ends before a
  /// range does.
  result<size_t> read(byte_span out);
  /// Nothing more will be read.
  void let_go();

private:
  /// The bytes of the file's own piece, if its batch was read together.
  result<byte_view> own_bytes(io::io_engine* engine);
  result<void> next_range();
  /// Where a range is in memory: in the file's own piece, or in one that files of the batch share.
  result<std::optional<byte_view>> find(const plan::block_range& range);
  error ends_early(const std::string& path) const;

  restore_context& context_;
  const format::manifest_file& file_;
  batch_bytes together_;
  const size_t position_;
  io::io_engine* engine_ = nullptr;
  const std::vector<plan::block_range>* ranges_ = nullptr;
  size_t next_ = 0;
  uint64_t left_bytes_ = 0; ///< of the range that is read
  byte_view here_ = {};     ///< of the range, where the batch has it
  std::unique_ptr<io::reader> source_;
  std::string path_;
};

/// Memory that maps and plans of such a file take at most while it is restored.
uint64_t memory_of_blocks(const format::manifest_file& file);

} // namespace pgbraid

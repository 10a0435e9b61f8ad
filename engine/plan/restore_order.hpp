// In which order and in which batches the files of a backup are restored.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/format/manifest.hpp"
#include "engine/plan/restore_clean.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace pgbraid::plan {

/// What lies in a batch, and how it is read.
enum class batch_kind : uint8_t {
  alone,  ///< one file, streamed
  small,  ///< small files of their own, read together
  bundle, ///< members of one bundle, read together
  empty,  ///< files of size 0, zeroed and kept ones: nothing is read
};

/// Files that one worker takes together.
struct restore_batch {
  batch_kind kind = batch_kind::alone;
  std::vector<const format::manifest_file*> files; ///< of the manifest; bundle: by offset
};

/// Files of more stored bytes are never part of a batch.
inline constexpr uint64_t batch_limit_bytes = 1024 * 1024;

/// What a batch may have.
struct batch_limits {
  uint64_t bytes = batch_limit_bytes; ///< stored, read at once: what it costs in memory
  size_t files = 128;
  /// So much of a bundle that nobody wants is read along rather than asked around.
  uint64_t read_over_bytes = 0;

  /// Where a request is dear. Members of a bundle are in one batch wherever they lie: what is
  /// between them is asked around, but all is asked for together. So is what files of a batch have
  /// in earlier backups; elsewhere that would only compare each with its map a second time.
  bool asks_together() const { return bytes > batch_limit_bytes; }
};
/// @param bytes  what is worth reading at once, at least `batch_limit_bytes`
batch_limits limits_for(uint64_t bytes, uint64_t read_over_bytes = 0);

/// Whether so many files are restored that small ones are synced together: one sync for each would
/// be a large part of the work. Fewer are not worth waiting for what others write there.
bool syncs_small_later(size_t files);
/// Larger ones are on the disk when they end, and are synced one by one.
bool is_synced_later(const format::manifest_file& file);

/// Whether a file may be made of what earlier backups have of it. Of those in a bundle a batch has
/// only so many that this has room in it, too.
bool may_have_far_blocks(const format::manifest& of, const format::manifest_file& file);

/// Some files of a manifest, by their address in it.
class file_set {
public:
  file_set() = default;
  explicit file_set(std::vector<const format::manifest_file*> files);

  bool contains(const format::manifest_file* file) const;
  bool empty() const { return sorted_.empty(); }
  size_t size() const { return sorted_.size(); }

private:
  std::vector<const format::manifest_file*> sorted_;
};

/// Large files first, largest first, so that no worker is left alone with one at the end; then
/// bundles by id and offset, small files, and those of which nothing is read last.
/// @param kept  files that are in place already
std::vector<restore_batch> order_restore(const format::manifest& of, const restore_rules& rules,
                                         batch_limits limits = {}, const file_set& kept = {});

/// The same for some files of it.
std::vector<restore_batch> order_files(const format::manifest& of,
                                       std::span<const format::manifest_file* const> files,
                                       const restore_rules& rules, batch_limits limits = {},
                                       const file_set& kept = {});

/// For who reads all that is stored of some files, as it is: in that order, but the batches have no
/// room for what earlier backups have of a file, and files of size 0 are read as all others are.
std::vector<restore_batch> order_stored(const format::manifest& of,
                                        std::span<const format::manifest_file* const> files,
                                        batch_limits limits);

} // namespace pgbraid::plan

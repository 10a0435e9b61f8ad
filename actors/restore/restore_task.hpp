// One file on its way out of a repository.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/restore/restore_tree.hpp"
#include "actors/restore/shared_bytes.hpp"
#include "engine/format/manifest.hpp"
#include "engine/graph/task.hpp"
#include "engine/plan/manifest_tree.hpp"
#include "engine/plan/restore_clean.hpp"
#include "engine/plan/restore_map.hpp"
#include "engine/plan/restore_owner.hpp"
#include "storage/storage.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace pgbraid {

/// What all files of a restore have in common; outlives the tasks.
struct restore_context {
  storage& repository;
  std::string stanza;
  const format::manifest& backup;
  /// How this repository stores the files of the backup: its own manifest, `backup` itself for the
  /// repository that was chosen.
  const format::manifest& stored;
  const plan::restore_mapping& where;
  const plan::restore_rules& rules;
  const plan::owner_policy& owners;
  restore_tree& tree;
  bool delta = false;
  bool force = false;
  /// Files that this repository cannot give are put aside: others may have them.
  bool may_put_aside = false;
  /// The repository is gone; nothing more is asked of it.
  std::atomic<bool> repository_lost{false};
  /// Plain bytes that are not restored yet, to say what a full disk lacks.
  std::atomic<uint64_t> left_bytes{0};
};

/// Streams a stored file through decrypt, decompress and digest into its place.
///
/// With delta an existing file that has the right content is kept. Of a file that is zeroed nothing
/// is read: it gets its length. Never writes more than the
/// manifest's size. Fails with `checksum` (26) when what came out is not what was backed up.
class restore_task final : public graph::task {
public:
  enum class outcome : uint8_t { pending, restored, matched, zeroed, put_aside };

  /// @param copy      the same file in the manifest that says how it is stored
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
  bool put_aside(const error& why) override;
  std::string name() const override;

  /// Whether a file is there that stays as it is, as far as its content goes (only with delta or
  /// force). Changes nothing.
  result<bool> would_keep(const graph::worker_tools& tools);
  const format::manifest_file& file() const { return file_; }
  outcome what_happened() const { return outcome_; }
  /// Why it was put aside.
  const error& why() const { return *why_; }

private:
  bool has_no_source() const { return file_.size_bytes == 0 || zeroed_; }
  /// What is there, if it stays.
  result<std::optional<entry_info>> kept_entry(const graph::worker_tools& tools);
  result<bool> has_same_content(storage& target, const std::string& path,
                                const graph::worker_tools& tools);
  result<bool> keep_existing(const graph::worker_tools& tools);
  result<void> open_source(const graph::worker_tools& tools);
  result<void> open_target(const graph::worker_tools& tools);
  /// Fails when what was written is not what was backed up.
  result<void> check_content(const graph::file_streams& streams) const;
  error explain_write(const error& what);
  error of_target(const error& what);

  restore_context& context_;
  const format::manifest_file& file_;
  const format::manifest_file& copy_;
  std::shared_ptr<shared_bytes> together_;
  size_t position_;
  plan::restore_place place_;
  const bool zeroed_;
  byte_view stored_ = {}; ///< what is left of the batch's bytes
  std::unique_ptr<io::reader> source_;
  std::unique_ptr<io::writer> target_;
  uint64_t written_bytes_ = 0;
  outcome outcome_ = outcome::pending;
  bool target_failed_ = false; ///< that no other repository mends
  std::optional<error> why_ = {};
};

} // namespace pgbraid

// A file that a restore puts into its place, and what is there already.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/restore/placed_look.hpp"
#include "actors/restore/restore_tree.hpp"
#include "engine/format/manifest.hpp"
#include "engine/graph/task.hpp"
#include "engine/plan/manifest_tree.hpp"
#include "engine/plan/restore_clean.hpp"
#include "engine/plan/restore_map.hpp"
#include "engine/plan/restore_order.hpp"
#include "engine/plan/restore_owner.hpp"
#include "storage/storage.hpp"

#include <atomic>
#include <cstddef>
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
  bool delta = false; ///< blocks that are in place stay
  /// Small files are synced together, at the end.
  bool sync_small_later = false;
  /// Files of `backup` that are in place with the right content: they stay.
  plan::file_set same = {};
  /// Files that this repository cannot give are put aside: others may have them.
  bool may_put_aside = false;
  /// How much of the repository is read at once.
  plan::batch_limits reading = {};
  /// The repository is gone; nothing more is asked of it.
  std::atomic<bool> repository_lost{false};
  /// Plain bytes that are not restored yet, to say what a full disk lacks.
  std::atomic<uint64_t> left_bytes{0};
};

/// An existing file that was found to have the right content is kept.
class placed_file : public graph::task {
public:
  enum class outcome : uint8_t { pending, restored, matched, zeroed, put_aside };

  /// @param copy  the same file in the manifest that says how it is stored
  placed_file(restore_context& context, const format::manifest_file& file,
              const format::manifest_file& copy);
  /// It was found to have the right content. Before it is opened.
  void keep(std::shared_ptr<kept_files> among, size_t position);
  std::string name() const override;
  bool put_aside(const error& why) override;

  const format::manifest_file& file() const { return file_; }
  outcome what_happened() const { return outcome_; }
  /// Why it was put aside.
  const error& why() const { return *why_; }

protected:
  /// Gives a file that stays its mode, owner and time, which makes it `matched`.
  result<bool> keep_existing();
  storage& target() { return context_.tree.at(place_.root); }
  const std::string& target_path() const { return place_.path; }
  /// Fails where the repository is not asked any more.
  result<void> may_ask() const;
  /// A failure that no other repository mends.
  error of_target(const error& what);
  /// The same of writing. A full disk says what it lacks.
  error explain_write(const error& what);
  /// Lets go of all that is open: the file is put aside.
  virtual void let_go() = 0;
  /// `checksum` (26) where content is not what was backed up.
  result<void> compare(const format::sha1_bytes& actual) const;

  restore_context& context_;
  const format::manifest_file& file_;
  const format::manifest_file& copy_;
  const bool zeroed_; ///< nothing is read of it: it gets its length
  outcome outcome_ = outcome::pending;

private:
  std::shared_ptr<kept_files> kept_ = {}; ///< null: nothing stays
  size_t kept_position_ = 0;
  plan::restore_place place_;
  bool target_failed_ = false;
  std::optional<error> why_ = {};
};

} // namespace pgbraid

// WAL that a repository has yet to get, kept on this host.
// Source: engine/format/README.md, section 14.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/io/stream.hpp"
#include "engine/plan/journal_entry.hpp"
#include "engine/plan/journal_hold.hpp"
#include "engine/plan/wal_gap.hpp"
#include "storage/storage.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pgbraid::journal {

struct journal_content {
  std::vector<plan::journal_entry> waiting = {}; ///< in the order in which they are to be stored
  std::vector<plan::journal_entry> aside = {};   ///< what the repository cannot take
  std::vector<plan::wal_gap> gaps = {};
  std::optional<plan::journal_hold> hold = {};
  /// Links and other things that have the name of one of these: they are none.
  std::vector<std::string> passed_over = {};

  /// Of all that is kept, what is aside included.
  uint64_t size_bytes() const;
  bool empty() const { return waiting.empty() && aside.empty() && gaps.empty() && !hold; }
};

/// The journal of one repository: a directory. Every file in it appears whole and durable, and its
/// name says everything about it, so that a kill at any moment leaves nothing half. Several
/// processes may use it: nothing is read, changed and written back. May be shared by threads.
///
/// Entries are copies, never second names of PostgreSQL's files: those are renamed and written over
/// when PostgreSQL needs new ones, however many names they have.
class wal_journal {
public:
  /// @param files        durable, and not to be changed by others
  /// @param path         of the directory in it; made when it is needed
  /// @param limit_bytes  of all that is kept
  wal_journal(std::shared_ptr<storage> files, std::string path, uint64_t limit_bytes);

  const std::string& path() const { return path_; }
  /// Where the entries are to be read from.
  const std::shared_ptr<storage>& files() const { return files_; }
  std::string path_of(const plan::journal_entry& entry) const;
  /// The directory, for messages.
  std::string shown() const;

  /// Nothing where there is no such directory.
  result<journal_content> look() const;

  /// Whether that entry is kept already, and durable.
  result<bool> has(const plan::journal_entry& entry);
  /// A new entry, which is kept as soon as the writer is committed. Null when there is no room for
  /// it: the limit would be exceeded, or PostgreSQL may soon need what is left of the file system.
  /// @param entry  its checksum, and its size
  result<std::unique_ptr<io::writer>> begin(const plan::journal_entry& entry);
  /// Removes an entry that the repository has.
  result<void> forget(const plan::journal_entry& entry);
  /// Keeps an entry under a name by which nobody stores it any more.
  result<void> set_aside(const plan::journal_entry& entry);
  /// Makes durable that the repository will not get these WAL files, in one step for those that
  /// follow each other. Returns whether there is a new gap, not only a known one that grew.
  result<bool> note_gap(std::span<const std::string> wals, uint64_t segment_bytes);
  result<bool> note_gap(const std::string& wal, uint64_t segment_bytes) {
    return note_gap(std::span(&wal, 1), segment_bytes);
  }

  /// What does not take WAL is noted, so that the next command need not find out; that is nothing
  /// to be durable. A full disk takes it, too. None: it takes WAL again.
  result<void> set_hold(const std::optional<plan::journal_hold>& hold);
  /// Whether a WAL file could be kept, apart from its size.
  result<void> check_writable();
  /// Removes what writers left that were killed long ago.
  result<void> remove_leftovers();

private:
  result<void> prepare();
  result<void> rename(const std::string& from, const std::string& to);

  std::shared_ptr<storage> files_;
  std::string path_;
  uint64_t limit_bytes_;
};

} // namespace pgbraid::journal

// The right to store a segment that others may want to store at the same time.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/clock.hpp"
#include "engine/io/stream.hpp"
#include "storage/repository/repository.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace pgbraid {

/// What is to be stored.
struct wal_file {
  std::string archive_id;
  std::string segment;  ///< 24 hex, or with `.partial`
  std::string checksum; ///< of the plain content
  compress_type compress = compress_type::none;
};

struct contest_limits {
  std::chrono::milliseconds pause{50};
  /// Other content that does not grow for so long is left behind, or as good as that.
  std::chrono::milliseconds still{5000};
  std::chrono::milliseconds whole{60000};
};

/// Stores one content of a segment at most, though names differ by content and no storage can
/// compare and rename at once.
///
/// Who wants to store announces it: the file under its temporary name is the announcement, since
/// that tells segment and checksum. Only after it is there does he look, and only when he sees no
/// other content does the file get its name. Of two who announce, the one who looks later sees the
/// other, so that two cannot both go on. When both see each other the lower checksum goes first.
/// What is left behind is removed; whoever was only slow cannot give it its name any more and
/// fails. Programs that do not look (the peer) can still come in between.
class wal_contest {
public:
  /// @param in  outlives this
  wal_contest(repository& in, wal_file what, contest_limits limits = {});

  /// Opens the file and waits for its turn. Returns whether it is to be written; not when this
  /// content is stored, or seems to be, already.
  /// Fails with `archive_duplicate` (45) when other content is stored, or on its way for too long;
  /// with `term` while signals are polled.
  result<bool> enter();
  /// What has the name when `enter` said no. Nobody looked into it.
  const std::vector<archived_wal>& stored() const { return stored_; }
  /// Opens the file anew, to take the place of a stored one with the same content.
  result<void> replace(const archived_wal& damaged);

  const wal_file& what() const { return what_; }
  /// Is there after `enter` said yes, or `replace`.
  io::writer& writer() { return *writer_; }
  /// Removes the file, if it has not its name yet.
  void leave() { writer_.reset(); }
  /// Looks again after the file could not get its name: `enter` without a file of its own.
  result<bool> look_again();
  /// Removes what those left who ended while they stored the same content. To be called when this
  /// one has its name: whoever is at it right now finds that.
  void remove_leftovers();

private:
  struct unfinished {
    format::wal_entry entry;
    std::string path;
    uint64_t size_bytes = 0;
    int64_t mtime_s = 0;
    friend bool operator==(const unfinished&, const unfinished&) = default;
  };
  result<void> open();
  result<void> look();
  result<void> look_once();
  std::vector<unfinished> rivals() const;
  result<void> wait();

  repository& in_;
  const wal_file what_;
  const contest_limits limits_;
  const std::string directory_;
  std::unique_ptr<io::writer> writer_;
  std::vector<archived_wal> stored_;
  std::vector<unfinished> under_way_;
  std::vector<unfinished> waited_for_;
  monotonic::time_point began_ = {};
  monotonic::time_point changed_ = {};
};

} // namespace pgbraid

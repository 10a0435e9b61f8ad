// Reading a file from front to back, many pieces at once.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/driver/sftp/spread_file.hpp"

#include <deque>

namespace pgbraid::sftp {

/// Requests of one file that may be under way or taken by nobody yet: 4 MiB, which carry 40 MB/s
/// over a round trip of 100 ms. More while there are spare ones.
inline constexpr size_t pieces_max = 128;
/// Of so many pieces those that are spare ones.
constexpr size_t beyond_own(size_t pieces) {
  return pieces > pieces_max ? pieces - pieces_max : 0;
}

/// Ends with any of its sessions: what comes after that is up to its owner, who knows `offset`.
class read_ahead {
public:
  /// @param full_path  also for messages
  /// @param from       offset of the first byte
  /// @param until      nothing is asked for behind it
  /// @param pool       where a large file finds further sessions; null: it stays in its own
  read_ahead(opened_file file, std::string full_path, uint64_t from, std::optional<uint64_t> until,
             session_pool* pool = nullptr);
  ~read_ahead();
  read_ahead(const read_ahead&) = delete;
  read_ahead& operator=(const read_ahead&) = delete;

  /// Asks for the first pieces, so that they are on their way when they are wanted.
  result<void> begin() { return ask(); }
  /// Whether all of it is on its way.
  bool all_asked() const { return next_offset_ > size_ || (end_ && next_offset_ >= *end_); }
  /// At least one byte of what comes next; none at the end.
  result<size_t> read_some(byte_span out);
  /// Of the next byte.
  uint64_t offset() const { return here_offset_ + taken_; }
  /// The session that was asked for something, or waited for, last.
  const connection& asked() const { return *asked_; }
  /// One piece of its own, wherever it is; fewer bytes than asked for are no end, none are.
  result<std::vector<std::byte>> read_piece(uint64_t offset, uint32_t bytes);

private:
  struct piece {
    uint64_t offset = 0;
    uint32_t bytes = 0;
    request asked = {};
  };
  result<void> ask();
  uint64_t left_bytes() const;
  bool may_ask();
  result<request> send(open_handle& to, uint64_t offset, uint32_t bytes);
  result<bool> next_piece();
  result<std::vector<std::byte>> take(const request& asked, uint32_t bytes);

  const uint64_t size_; ///< when it was opened; it may have become longer
  const std::string shown_;
  std::shared_ptr<connection> asked_;
  spread_file file_;
  uint64_t next_offset_; ///< of what is asked for next
  const std::optional<uint64_t> end_;
  std::deque<piece> under_way_;
  piece_budget::part spare_; ///< of under_way_, beyond pieces_max
  std::vector<std::byte> here_;
  uint64_t here_offset_;
  size_t taken_ = 0;
  bool ended_ = false;
};

} // namespace pgbraid::sftp

// Reading a file of one session from front to back, many pieces at once.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/sftp/requests.hpp"

#include <deque>

namespace pgbraid::sftp {

/// Requests of one file that may be under way or taken by nobody yet: 4 MiB, which carry 40 MB/s
/// over a round trip of 100 ms.
inline constexpr size_t pieces_max = 128;

/// Ends with its session: what comes after that is up to its owner, who knows `offset`.
class read_ahead {
public:
  /// @param from   offset of the first byte
  /// @param until  nothing is asked for behind it
  /// @param shown  path, for messages
  read_ahead(opened_file file, std::string shown, uint64_t from, std::optional<uint64_t> until);
  ~read_ahead();
  read_ahead(const read_ahead&) = delete;
  read_ahead& operator=(const read_ahead&) = delete;

  /// Asks for the first pieces, so that they are on their way when they are wanted.
  result<void> begin() { return ask(); }
  /// At least one byte of what comes next; none at the end.
  result<size_t> read_some(byte_span out);
  /// Of the next byte.
  uint64_t offset() const { return here_offset_ + taken_; }
  connection& on() const { return file_.on(); }
  /// One piece of its own, wherever it is; fewer bytes than asked for are no end, none are.
  result<std::vector<std::byte>> read_piece(uint64_t offset, uint32_t bytes);

private:
  struct piece {
    uint64_t offset = 0;
    uint32_t bytes = 0;
    uint32_t number = 0;
  };
  result<void> ask();
  result<bool> next_piece();
  result<std::vector<std::byte>> take(uint32_t number, uint32_t bytes);

  open_handle file_;
  const uint64_t size_; ///< when it was opened; it may have become longer
  const std::string shown_;
  uint64_t next_offset_; ///< of what is asked for next
  const std::optional<uint64_t> end_;
  std::deque<piece> under_way_;
  std::vector<std::byte> here_;
  uint64_t here_offset_;
  size_t taken_ = 0;
  bool ended_ = false;
};

} // namespace pgbraid::sftp

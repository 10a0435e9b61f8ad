// Files as another host sends them: pieces of final bytes, then what it learned about the file.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/backup/copy_client.hpp"
#include "actors/backup/copy_results.hpp"

namespace pgbraid {

/// More than this is not stored of a file that was asked for so, when it has so many bytes.
uint64_t stored_limit_bytes(const wire::copied_file& asked, uint64_t plain_bytes);

/// What came back of one file.
struct remote_results {
  copy_results learned = {};
  bool grown = false; ///< nothing was sent: to be asked for alone
};

/// The answer of copy/file or copy/small, read from front to back. Everything in it is checked, but
/// for notes of blocks, which say something only beside the prior map (`plan::follow_notes`).
class copy_answer {
public:
  /// @param changed  stored bytes are not the plain ones, so that they have a checksum of their own
  copy_answer(copy_call from, bool changed) : from_(std::move(from)), changed_(changed) {}

  /// Whether so many bytes of the answer (or its end) are here. Sends what is left of the request.
  /// @param wait  block until they are, at most this long
  bool arrived(size_t bytes, std::chrono::milliseconds wait);
  /// How much `arrived` may be asked for: the other host sends no more before it is taken.
  size_t arrival_limit_bytes() const;
  /// The next bytes of the present file, at least one; 0 at its end. Blocks until they are here.
  /// @param asked  the file that is expected, for checks
  result<size_t> take(byte_span out, const wire::copied_file& asked);
  /// After the end of a file: its results. The next `take` begins with the next file.
  remote_results next_file();

  bool is_broken(const error& what) const { return from_.is_broken(what); }

private:
  result<void> fill(byte_span out);
  result<uint32_t> read_length(size_t limit);
  result<void> read_results(const wire::copied_file& asked);
  result<void> check_stored(const wire::copied_results& sent, const wire::copied_file& asked);
  result<bool> next_piece(const wire::copied_file& asked);
  result<void> read_notes(size_t bytes, const wire::copied_file& asked);

  copy_call from_;
  const bool changed_;
  uint32_t left_bytes_ = 0; ///< of the present piece
  uint64_t file_bytes_ = 0;
  std::vector<std::byte> notes_ = {};
  bool ended_ = false;
  remote_results results_ = {};
};

} // namespace pgbraid

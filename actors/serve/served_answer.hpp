// The answer to a request for files of a copy, on the host of the files.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/link/server_link.hpp"
#include "storage/wire/wire.hpp"

#include <atomic>
#include <mutex>

namespace pgbraid::serve {

/// Files go out one behind the other, in the order in which they were asked for, whichever of them
/// is ready first. What the other end does not want any more, or what failed, is over at once:
/// writing goes nowhere then. Thread-safe.
class served_answer {
public:
  explicit served_answer(std::unique_ptr<link::exchange> to, size_t file_count);
  ~served_answer();

  /// Nobody waits for more.
  bool is_over() const { return over_ || to_->cancelled(); }
  /// Whether `write` would not block: its turn has come and the other end takes more, or it is
  /// over.
  bool is_writable(size_t file, std::chrono::milliseconds wait) const;
  void write(byte_view final_bytes);
  /// The same of what is noted of its blocks; nothing where that is empty.
  void write_notes(byte_view notes);
  /// Ends the turn of a file.
  void end(const wire::copied_results& learned);
  /// Ends the whole answer.
  void fail(const error& why);

private:
  void send(byte_view bytes);

  mutable std::mutex mutex_;
  const std::unique_ptr<link::exchange> to_;
  const size_t file_count_;
  std::atomic<size_t> turn_{0};
  std::atomic<bool> over_{false};
};

} // namespace pgbraid::serve

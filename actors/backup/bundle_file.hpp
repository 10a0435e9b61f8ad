// A bundle being written: small files one behind the other, in a fixed order.
// Source of the format: engine/format/README.md, section 9.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/storage.hpp"

#include <mutex>

namespace pgbraid {

/// The members of one bundle take turns in the order of the plan, whichever of them is ready first,
/// so that the same plan gives the same bytes. The file appears with its first member; it is
/// committed when the last one had its turn. Thread-safe.
class bundle_file {
public:
  bundle_file(storage& to, std::string path, write_options how, size_t member_count);

  bool has_turn(size_t member);
  /// The member turned out not to be stored.
  result<void> skip(size_t member);
  /// Only for the member that has the turn.
  result<void> write(byte_view bytes);
  /// Where the member with the turn begins.
  uint64_t member_offset();
  /// What the member wrote so far is of no use: it begins again behind it. Only for the member that
  /// has the turn.
  void begin_again();
  /// Ends the turn. Returns the offset at which the member began.
  result<uint64_t> end(size_t member);
  /// False, even with `wait`, while members are still to come.
  result<bool> committed(bool wait);

private:
  result<void> advance();

  std::mutex mutex_;
  storage& to_;
  const std::string path_;
  const write_options how_;
  std::unique_ptr<io::writer> file_;
  std::vector<bool> skipped_;
  size_t turn_ = 0;
  uint64_t size_bytes_ = 0;
  uint64_t member_offset_bytes_ = 0;
  bool durable_ = false;
};

} // namespace pgbraid

// One file, open in several sessions.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/driver/sftp/requests.hpp"
#include "storage/driver/sftp/session_pool.hpp"

#include <deque>
#include <optional>

namespace pgbraid::sftp {

/// What a file must be where it is opened once more.
struct further_opening {
  std::string full_path;
  uint32_t flags = flag_read;
  /// Its size and time, for who reads it.
  std::optional<attributes> like = {};
};

/// The sessions that carry one file. A session brings no more than its window for each round trip,
/// and one thread ciphers it, so that a large file gets on faster over several. Nobody waits for a
/// further one: it carries its part as soon as it has the file open.
class spread_file {
public:
  /// @param pool  where further sessions come from, which outlives this; null: it stays where it is
  spread_file(open_handle first, session_pool* pool, further_opening again);
  ~spread_file();
  spread_file(const spread_file&) = delete;
  spread_file& operator=(const spread_file&) = delete;

  open_handle& first() { return all_.front(); }
  bool several() const { return all_.size() > 1; }
  /// The handle for the next piece: where the last one went for a while, then where there is the
  /// least to do. Null while so much more may not be under way anywhere.
  open_handle* with_room(size_t bytes);
  /// Has it opened in other sessions that have room, if so much that is left is worth it.
  void widen(uint64_t left_bytes);
  /// Closes it in the further ones, of which nothing is wanted any more, nor known.
  void narrow();

private:
  bool has(const connection& on) const;
  void open_in(const std::shared_ptr<connection>& on);
  void take_what_came();
  void take(const opening& one);

  session_pool* const pool_;
  const further_opening again_;
  std::deque<open_handle> all_; ///< they stay where they are
  std::vector<opening> coming_;
  bool wide_enough_ = false; ///< no further session opened it
  open_handle* last_ = nullptr;
  size_t run_left_bytes_ = 0; ///< what still goes there
};

} // namespace pgbraid::sftp

// Writing one file of an SFTP server, over as many sessions as it takes.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/driver/sftp/read_ahead.hpp"
#include "storage/driver/sftp/session_pool.hpp"

#include <deque>
#include <functional>

namespace pgbraid::sftp {

/// How a file is written and published.
struct write_plan {
  std::string target; ///< full path on the server, also for messages
  /// Full path of the temporary name; empty for a file in place.
  std::string temporary = {};
  write_options options = {};
  /// Makes the file anew, empty, with whatever is missing above it; what has its name goes first.
  std::function<result<open_handle>(const std::shared_ptr<connection>&)> create = {};

  const std::string& name() const { return temporary.empty() ? target : temporary; }
};

class sftp_writer;

/// Writers that have everything but their handle. Whoever asks for the end of one moves all of them
/// on whose handle came, so that they do not wait for one another. Thread-safe.
class late_openings {
public:
  void add(sftp_writer& one);
  void remove(sftp_writer& one);
  void move_on();
  /// Whether this one is without its handle.
  bool holds(const sftp_writer& one);

private:
  std::mutex mutex_;
  std::vector<sftp_writer*> waiting_;
};

/// Writes behind: only the end waits for all answers. When its session breaks, the file is opened
/// again; what the server had acknowledged is read back and compared, and what it had not is sent
/// again.
class sftp_writer final : public io::writer {
public:
  /// With its handle.
  sftp_writer(std::shared_ptr<session_pool> pool, std::shared_ptr<connection> on, open_handle file,
              write_plan plan);
  /// Gathers up to 256 KiB before it waits for the handle.
  /// @param opening  number of the request that brings it
  /// @param others   of the storage
  sftp_writer(std::shared_ptr<session_pool> pool, std::shared_ptr<connection> on, uint32_t opening,
              std::shared_ptr<late_openings> others, write_plan plan);
  ~sftp_writer() override;
  result<void> write(byte_view in) override;
  result<void> begin_commit() override;
  result<bool> committed(bool wait) override;

private:
  friend class late_openings;
  enum class stage : uint8_t { writing, arriving, closing, renaming, done };
  struct piece {
    shared_bytes data;
    uint32_t crc_behind = 0; ///< CRC-32C of the file up to its end
    request sent = {};       ///< number 0: it is not
  };

  template <class Step> auto step_on(Step step);
  template <class Outcome> Outcome ended(Outcome outcome);
  bool is_opening() const { return opening_ && !on_->has_come(*opening_); }
  result<void> end_opening();
  result<void> create();
  result<void> send_gathered(bool all);
  void open(open_handle file);
  result<open_handle*> make_room(size_t bytes);
  result<void> send_piece(piece& one, open_handle& to, uint64_t offset);
  result<void> begin_close();
  result<void> ask_for_end();
  result<void> begin_rename();
  bool end_listing(bool wait);
  result<bool> go_on(bool wait);
  result<void> settle(const request& sent);
  std::string hint_of_space() const;
  result<void> settle_piece();
  result<bool> settle_all(bool wait);

  void forget_all();
  result<void> resume(const std::shared_ptr<connection>& on);
  result<void> reopen();
  result<void> send_again();
  result<void> rename_again();
  result<void> check_size(const std::string& full_path);

  const std::shared_ptr<session_pool> pool_;
  std::shared_ptr<connection> on_;    ///< where it was opened first, and is ended
  std::shared_ptr<connection> asked_; ///< the session that was asked or waited for last
  const write_plan plan_;
  std::optional<spread_file> file_;
  bool made_ = false; ///< the server said that the file is there
  std::optional<uint32_t> opening_ = {};
  std::shared_ptr<late_openings> others_ = {};
  bool listed_ = false;                   ///< among the others; they may move it on meanwhile
  std::optional<error> interrupted_ = {}; ///< why the others could not
  std::optional<error> failure_ = {};     ///< of the end

  std::vector<std::byte> gathered_;
  std::deque<piece> pieces_; ///< not acknowledged
  piece_budget::part spare_; ///< of them, beyond pieces_max
  uint64_t acknowledged_bytes_ = 0;
  uint32_t acknowledged_crc_ = 0;
  uint64_t sent_bytes_ = 0; ///< with what is in pieces_
  uint32_t sent_crc_ = 0;
  std::deque<request> ends_; ///< of the end
  stage at_ = stage::writing;
  bool resumed_ = false;
};

} // namespace pgbraid::sftp

// Reading and writing one file of an SFTP server, many pieces at once.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/sftp/connection.hpp"
#include "storage/storage.hpp"

#include <functional>

namespace pgbraid::sftp {

/// An open handle; closed, without waiting for it, when this goes.
class open_handle {
public:
  open_handle(std::shared_ptr<connection> on, std::string name);
  open_handle(open_handle&&) noexcept = default;
  open_handle& operator=(open_handle&&) = delete;
  ~open_handle();

  connection& on() const { return *on_; }
  const std::string& name() const { return name_; }
  /// Closes it; the number of the request.
  result<uint32_t> close();

private:
  std::shared_ptr<connection> on_; ///< null once it is closed
  std::string name_;
};

/// Requests of 32 KiB each that may be under way for one file: 2 MiB, which carry 20 MB/s over a
/// round trip of 100 ms.
inline constexpr size_t pieces_max = 64;

/// Reads ahead: a few pieces at first, more the longer it is read.
class sftp_reader final : public io::reader {
public:
  /// @param shown  path, for messages
  sftp_reader(open_handle file, std::string shown, const read_options& options);
  ~sftp_reader() override;
  /// Asks for the first pieces, so that they are on their way when `read` wants them.
  result<void> begin() { return ask_ahead(); }
  result<size_t> read(byte_span out) override;
  result<size_t> read_at(byte_span out, uint64_t offset_bytes) override;

private:
  struct piece {
    uint64_t offset = 0;
    uint32_t bytes = 0;
    uint32_t number = 0;
  };
  result<void> ask_ahead();
  result<bool> next_piece();
  result<std::vector<std::byte>> read_piece(uint64_t offset, uint32_t bytes);
  result<std::vector<std::byte>> take(uint32_t number);

  open_handle file_;
  const std::string shown_;
  uint64_t next_offset_;             ///< of what is asked for next
  std::optional<uint64_t> end_ = {}; ///< nothing is asked for behind it
  size_t ahead_ = 2;
  std::deque<piece> under_way_;
  std::vector<std::byte> here_;
  size_t taken_ = 0;
  bool ended_ = false;
};

/// How a file is written and published.
struct write_plan {
  std::string shown;  ///< path, for messages
  std::string target; ///< full path on the server
  /// Full path of the temporary name; empty for a file in place.
  std::string temporary = {};
  write_options options = {};
};

class sftp_writer;

/// Writers that have everything but their handle. Whoever asks for the end of one moves all of them
/// on whose handle came, so that they do not wait for one another. Thread-safe.
class late_openings {
public:
  void add(sftp_writer& one);
  void remove(sftp_writer& one);
  /// Moves on; returns whether this one is still without its handle.
  bool holds(sftp_writer& one);

private:
  std::mutex mutex_;
  std::vector<sftp_writer*> waiting_;
};

/// A file whose opening was asked for already.
struct late_open {
  uint32_t number = 0;
  /// Makes the handle of the answer, or does what the answer says is missing and tries again.
  std::function<result<open_handle>(const reply&)> finish;
  /// Of the storage.
  std::shared_ptr<late_openings> others;
};

/// Writes behind: only the end waits for all answers.
class sftp_writer final : public io::writer {
public:
  sftp_writer(open_handle file, write_plan plan);
  /// Gathers up to 256 KiB before it waits for the handle.
  sftp_writer(std::shared_ptr<connection> on, late_open opening, write_plan plan);
  ~sftp_writer() override;
  result<void> write(byte_view in) override;
  result<void> begin_commit() override;
  result<bool> committed(bool wait) override;

private:
  friend class late_openings;
  enum class stage : uint8_t { writing, closing, renaming, done };
  bool is_opening() const { return opening_ && !on_->has_come(opening_->number); }
  result<void> end_opening();
  result<void> send_gathered(bool all);
  result<void> send_piece(byte_view in);
  result<void> begin_close();
  result<bool> end_listing(bool wait);
  result<bool> go_on(bool wait);
  result<void> settle(uint32_t number);
  result<bool> settle_all(bool wait);
  result<void> begin_rename();

  std::shared_ptr<connection> on_;
  std::optional<open_handle> file_;
  std::optional<late_open> opening_;
  std::shared_ptr<late_openings> others_;
  bool listed_ = false;               ///< among the others; they may move it on meanwhile
  std::optional<error> failure_ = {}; ///< of the end
  const write_plan plan_;
  std::vector<std::byte> gathered_;
  uint64_t offset_ = 0;
  std::deque<uint32_t> under_way_;
  stage at_ = stage::writing;
};

/// `what '<shown>': [4] Failure`
error refused(errc code, std::string_view what, std::string_view shown, const status& why);

} // namespace pgbraid::sftp

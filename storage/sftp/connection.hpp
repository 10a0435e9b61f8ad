// One SFTP session with many requests under way.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/io/unique_fd.hpp"
#include "engine/link/transport.hpp"
#include "storage/sftp/packet.hpp"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <thread>

namespace pgbraid::sftp {

struct connection_settings {
  std::string host; ///< for messages
  /// The session is dead when the server owes an answer and nothing arrives for this long.
  std::chrono::milliseconds silence_limit = std::chrono::seconds(60);
  /// Without requests one goes out after this time, so that nobody on the way forgets the session.
  std::chrono::milliseconds keep_alive = std::chrono::seconds(15);
  /// What may wait here to be sent.
  size_t out_bytes = size_t{2} << 20;
};

/// Requests are numbered; a thread of its own sends them as fast as the server takes them and sorts
/// what comes back, in whatever order. Thread-safe. Errors of the connection are `protocol` (39).
class connection : public std::enable_shared_from_this<connection> {
public:
  /// Shakes hands.
  static result<std::shared_ptr<connection>> open(std::unique_ptr<link::transport> over,
                                                  connection_settings with);
  ~connection();
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  /// Sends a request and returns its number; waits while too much waits already. Every number is
  /// to be waited for or forgotten.
  result<uint32_t> send(packet_kind kind, const fields& what);
  /// The answer.
  result<reply> wait(uint32_t number);
  /// Whether `wait` would not wait.
  bool has_come(uint32_t number) const;
  /// The answer is dropped when it comes.
  void forget(uint32_t number);
  result<reply> ask(packet_kind kind, const fields& what);
  /// An extension, such as `posix-rename@openssh.com`.
  bool offers(std::string_view extension) const { return extensions_.contains(extension); }
  /// Why nothing can be asked any more.
  std::optional<error> failure() const;
  const std::string& host() const { return with_.host; }

private:
  using clock = std::chrono::steady_clock;
  struct pending {
    std::optional<reply> came;
    bool forgotten = false;
  };

  connection(std::unique_ptr<link::transport> over, connection_settings with);
  result<void> shake_hands();
  void run();
  bool transmit();
  bool receive();
  result<void> sort_out();
  void deliver(uint32_t number, reply what);
  void keep_alive();
  void sleep();
  void lose(error why);
  void wake() const;
  bool stopped() const;
  error silent() const;
  void enqueue(std::vector<std::byte> packet);

  const connection_settings with_;
  std::unique_ptr<link::transport> over_;
  io::unique_fd wake_fd_;
  std::set<std::string, std::less<>> extensions_; ///< constant after the handshake

  mutable std::mutex mutex_; ///< guards what follows
  std::condition_variable changed_;
  std::deque<std::vector<std::byte>> out_;
  size_t out_bytes_ = 0;
  std::map<uint32_t, pending> pending_;
  uint32_t next_number_ = 100;
  std::optional<error> failure_;
  bool stop_ = false;
  bool ready_ = false; ///< hands were shaken
  clock::time_point moved_at_;

  // Of the thread.
  std::vector<std::byte> sending_;
  size_t sent_ = 0;
  std::vector<std::byte> received_; ///< room for one read
  std::vector<std::byte> in_;       ///< packets that are not whole yet
  link::readiness write_waits_ = link::readiness::none;
  link::readiness read_waits_ = link::readiness::none;
  std::thread thread_;
};

} // namespace pgbraid::sftp

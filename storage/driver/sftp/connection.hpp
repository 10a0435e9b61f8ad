// One SFTP session with many requests under way.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/clock.hpp"
#include "engine/io/unique_fd.hpp"
#include "engine/net/transport.hpp"
#include "storage/driver/sftp/flow_window.hpp"
#include "storage/driver/sftp/packet.hpp"

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
  /// What requests may ask for or bring at one time, together.
  size_t window_bytes = size_t{8} << 20;
};

/// Data that is sent as it lies; whoever may have to send it again keeps it, too.
using shared_bytes = std::shared_ptr<const std::vector<std::byte>>;

/// Requests are numbered; a thread of its own sends them as fast as the server takes them and sorts
/// what comes back, in whatever order. Thread-safe. Errors of the connection are `protocol` (39).
///
/// Who reads or writes ahead asks for room first. Nobody waits for it: who has nothing under way
/// goes on without, and everybody else has something to wait for.
class connection : public std::enable_shared_from_this<connection> {
public:
  /// Shakes hands.
  static result<std::shared_ptr<connection>> open(std::unique_ptr<net::transport> over,
                                                  connection_settings with);
  ~connection();
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  /// Sends a request and returns its number; waits while too much waits already. Every number is
  /// to be waited for or forgotten.
  /// @param carries_bytes  what it asks for or brings, by which the way is measured
  /// @param behind         a part of the packet, behind the fields
  result<uint32_t> send(packet_kind kind, const fields& what, size_t carries_bytes = 0,
                        shared_bytes behind = nullptr);
  /// The answer.
  result<reply> wait(uint32_t number);
  /// Whether `wait` would not wait.
  bool has_come(uint32_t number) const;
  /// The answer is dropped when it comes.
  void forget(uint32_t number);
  result<reply> ask(packet_kind kind, const fields& what);
  /// An extension, such as `posix-rename@openssh.com`.
  bool offers(std::string_view extension) const { return extensions_.contains(extension); }
  /// Whether so much more may be under way.
  bool has_room(size_t bytes);
  /// Whether it carried as much as it can within the last second.
  bool was_full() const;
  /// How much it has to do, in bytes.
  size_t load() const;
  /// Between the first request and its answer.
  std::chrono::microseconds round_trip() const { return round_trip_; }
  /// Why nothing can be asked any more.
  std::optional<error> failure() const;
  /// Whether it broke on its way: a new one may do better. Not so where a server said nonsense, or
  /// nothing.
  bool broke() const;
  const std::string& host() const { return with_.host; }

private:
  using clock = monotonic;
  struct pending {
    std::optional<reply> came = {};
    bool forgotten = false;
    size_t carries_bytes = 0;
    flow_window::departure left = {};
  };
  struct outgoing {
    std::vector<std::byte> head;
    shared_bytes behind = nullptr;
    size_t bytes() const { return head.size() + (behind ? behind->size() : 0); }
  };

  connection(std::unique_ptr<net::transport> over, connection_settings with);
  result<void> shake_hands();
  void run();
  bool transmit();
  bool receive();
  result<void> sort_out();
  void deliver(uint32_t number, reply what);
  void keep_alive();
  void sleep();
  void lose(error why, bool broke);
  void wake() const;
  bool stopped() const;
  error silent() const;
  void enqueue(outgoing packet);

  const connection_settings with_;
  std::unique_ptr<net::transport> over_;
  io::unique_fd wake_fd_;
  std::set<std::string, std::less<>> extensions_; ///< constant after the handshake
  std::chrono::microseconds round_trip_ = {};     ///< of the handshake

  mutable std::mutex mutex_; ///< guards what follows
  std::condition_variable changed_;
  std::deque<outgoing> out_;
  size_t out_bytes_ = 0;
  flow_window window_;
  size_t under_way_bytes_ = 0;
  clock::time_point full_at_ = {};      ///< when somebody asked for room and there was none
  std::map<uint32_t, pending> pending_; ///< until somebody takes the answer
  size_t unanswered_ = 0;               ///< of them
  uint32_t next_number_ = 100;
  std::optional<error> failure_;
  bool broke_ = false;
  bool stop_ = false;
  bool ready_ = false;  ///< hands were shaken
  bool asleep_ = false; ///< the thread
  clock::time_point moved_at_;

  // Of the thread.
  std::vector<std::byte> sending_;
  size_t sent_ = 0;
  std::vector<std::byte> received_; ///< room for one read
  std::vector<std::byte> in_;       ///< packets that are not whole yet
  net::readiness write_waits_ = net::readiness::none;
  net::readiness read_waits_ = net::readiness::none;
  std::thread thread_;
};

} // namespace pgbraid::sftp

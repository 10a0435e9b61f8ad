// One connection and the thread that moves its bytes: what asking and serving end have in common.
// Why HTTP/2: ARCHITECTURE.md, "Decisions".
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/clock.hpp"
#include "engine/io/unique_fd.hpp"
#include "engine/link/flood_guard.hpp"
#include "engine/link/frame_scanner.hpp"
#include "engine/link/settings.hpp"
#include "engine/link/stream.hpp"
#include "engine/net/transport.hpp"

#include <atomic>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

struct nghttp2_session;

namespace pgbraid::link {

/// The thread of the session owns the transport and nghttp2's state. Callers only touch streams,
/// under the mutex, and leave word in `touched_`; nobody holds the mutex while waiting for the
/// world.
class session {
public:
  using clock = monotonic;
  enum class side : uint8_t { client, server };

  session(side which, std::unique_ptr<net::transport> over, settings with);
  virtual ~session();
  session(const session&) = delete;
  session& operator=(const session&) = delete;

  void start();
  /// Says goodbye, within a second or two, and joins the thread. All streams fail.
  void stop();

  const settings& with() const { return with_; }
  std::optional<error> failure() const;

  // For the caller of one stream.
  result<size_t> read(int64_t number, byte_span out);
  bool readable(int64_t number, size_t bytes, std::chrono::milliseconds wait);
  result<void> write(int64_t number, byte_view in);
  bool writable(int64_t number, size_t bytes, std::chrono::milliseconds wait);

protected:
  using lock = std::unique_lock<std::mutex>;

  // All of these are called with the mutex held.
  /// A list of headers is complete.
  virtual void headers_came(stream& on) = 0;
  virtual void stream_closed(stream& of, uint32_t code) = 0;
  /// Puts what the caller began on its way.
  virtual void submit(stream& of) = 0;
  /// Why the end of the body that arrives is no good end.
  virtual std::optional<error> bad_end(const stream&) const { return {}; }
  /// Why nothing more can be written.
  virtual std::optional<error> refusal(const stream& of) const { return of.failed; }
  /// The session changed in a way that concerns more than one stream (or ended).
  virtual void session_changed() {}
  /// Called without the mutex when there was news.
  virtual void tell_news() {}

  stream& at(int64_t number);
  stream& add_stream(std::chrono::milliseconds limit);
  /// Waits until `ready`, the stream's failure, or its time limit.
  template <class Ready> result<void> wait(lock& held, stream& on, Ready ready);
  void touch(stream& what);
  void fail_stream(stream& which, error why);
  /// Its caller is gone; the stream goes when HTTP/2 has done with it.
  void release(stream& which);
  void wake();
  /// Whether this can be the value of a header that the other end takes.
  bool legal_text(std::string_view text) const;
  /// For a message that moved nothing.
  void spend_frame();
  error too_late(const stream& which) const;
  error broken(std::string_view why, errc code = errc::protocol) const;
  /// Starts sending the head, with the body and the end to follow.
  void submit_answer(stream& to, const char* status);
  void submit_request(stream& of);

  mutable std::mutex mutex_;
  const side side_;
  const settings with_;
  std::map<int64_t, std::unique_ptr<stream>> streams_;
  size_t streams_open_ = 0;      ///< that HTTP/2 has not done with
  size_t streams_allowed_ = 100; ///< by the other end
  bool over_ = false;            ///< the thread is at its end
  bool refuse_more_ = false;     ///< asked for by us
  bool sent_away_ = false;       ///< the other end takes no more
  bool news_ = false;
  std::optional<error> failure_;

private:
  friend struct frames;
  struct h2_deleter {
    void operator()(nghttp2_session* of) const;
  };

  // Callers (session.cpp).
  size_t take(stream& from, byte_span out);
  void grant_taken(stream& of);
  void give_link_credit(size_t bytes);
  size_t link_credit_step() const;
  size_t room(const stream& of) const;
  /// For callers that ask instead of waiting: fails the stream after its limit.
  bool overdue(stream& which, std::optional<clock::time_point>& asked_at);
  void erase(stream& which);

  // The thread (session_thread.cpp).
  void run();
  bool turn();
  void look_at_touched();
  bool send();
  bool refill();
  bool receive();
  bool may_leave() const;
  void check_time();
  void check_streams();
  void sleep();
  void follow_stop();
  bool answers_unsent() const;
  bool answered(const stream& which) const;
  /// The other end is gone, or is to be: ends the thread's work.
  void lose(std::optional<error> why, bool gone);
  void lose_over_protocol();
  /// What came before any settings, at an asking end.
  bool beginning_is_none() const {
    return side_ == side::client && !settings_came_ && !opening_.empty();
  }
  error no_beginning() const;
  error broken_rules() const;
  error closed_early() const;
  void leave();
  std::chrono::milliseconds tick() const;

  // HTTP/2 (session_frames.cpp).
  bool open_h2();
  void begin_h2();
  void apply(stream& what);
  void apply_link();
  int32_t link_debt() const;
  bool feed(byte_view in);
  void end_h2();
  bool h2_has_ended();
  int header(stream& on, std::string_view name, std::string_view value);
  void deliver(stream& to, byte_view in);
  void frame_came(uint8_t type, uint8_t flags, stream* on);
  void goaway_came(uint32_t code, int32_t last_id);
  void closed(stream& which, uint32_t code);
  int64_t supply(stream& from, byte_span out, uint32_t& flags);
  stream* accept_stream(int32_t id);

  std::unique_ptr<net::transport> over_transport_;
  std::unique_ptr<nghttp2_session, h2_deleter> h2_;
  std::thread thread_;
  io::unique_fd wake_fd_;
  int64_t next_number_ = 1;
  std::vector<int64_t> touched_;
  bool sleeping_ = false;
  bool stopping_ = false;
  size_t link_credit_bytes_ = 0; ///< to be granted again
  bool goaway_sent_ = false;

  // Only the thread touches these.
  flood_guard guard_;
  frame_scanner scanner_;
  size_t data_frames_seen_ = 0; ///< by nghttp2, in what is being fed
  bool flooded_ = false;
  bool done_ = false;
  bool said_goodbye_ = false;  ///< the other end
  bool settings_came_ = false; ///< of the other end
  std::string complaint_;      ///< of HTTP/2, about the other end
  std::string opening_;        ///< the first bytes that came, until there are settings
  std::vector<std::byte> arrival_;
  std::string small_; ///< several frames in one
  byte_view pending_;
  byte_view after_; ///< nghttp2's, to be sent after `small_`
  net::readiness read_waits_ = net::readiness::none;
  net::readiness write_waits_ = net::readiness::none;
  clock::time_point now_;
  clock::time_point started_at_;
  clock::time_point arrived_at_;
  clock::time_point departed_at_;
  clock::time_point pinged_at_;
  clock::time_point checked_at_;
  std::optional<clock::time_point> stop_by_;
  bool terminated_ = false;
};

template <class Ready> result<void> session::wait(lock& held, stream& on, Ready ready) {
  const auto begun = clock::now();
  for (;;) {
    if (ready())
      return success();
    if (on.failed)
      return *on.failed;
    const auto until = std::max(begun, on.moved_at) + on.limit;
    if (wait_until(on.changed, held, until) == std::cv_status::no_timeout || ready())
      continue;
    if (!on.failed && clock::now() >= std::max(begun, on.moved_at) + on.limit)
      fail_stream(on, too_late(on));
  }
}

} // namespace pgbraid::link

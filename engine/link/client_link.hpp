// The asking end of a link: requests to another host over HTTP/2.
// Why HTTP/2: ARCHITECTURE.md, "Decisions".
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/link/settings.hpp"
#include "engine/net/transport.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace pgbraid::link {

class client_core;

/// One request and its answer: one HTTP/2 stream. Used by one thread at a time. Destroyed before
/// its end came, it is cancelled (RST_STREAM) and the other end notices. Errors of the other end
/// keep their code; their message begins with "raised from remote-0 ssh protocol on 'host': ".
/// Everything that has to do with the link itself is `protocol` (39) or, when the other end is
/// gone, what `transport::farewell` says.
class call {
public:
  ~call();
  call(const call&) = delete;
  call& operator=(const call&) = delete;

  /// Sends a part of the body; blocks while the other end takes no more.
  result<void> write(byte_view in);
  /// Whether `write` of that many bytes would not block (also true when it would fail).
  /// @param wait  block until it would not, at most this long
  bool writable(size_t bytes, std::chrono::milliseconds wait = {}) const;
  /// Ends the body.
  result<void> end_write();
  /// Waits for the answer's head: JSON text.
  result<std::string> head();
  /// Fills `out` unless the end comes first; 0 means the end. Credit goes back to the other end
  /// with the next call, when the caller has done with these bytes.
  result<size_t> read(byte_span out);
  /// Whether `read` of that many bytes (or up to the end) would not block.
  /// @param wait  block until it would not, at most this long
  bool readable(size_t bytes, std::chrono::milliseconds wait = {}) const;
  /// Whether the end of the answer is here, or it failed. For answers that may take as long as they
  /// like: unlike `readable` this counts as no waiting.
  bool has_ended() const;
  /// After the end of the body: the answer's trailer, JSON text. Fails with the other end's error.
  result<std::string> trailer();

private:
  friend class client_link;
  call(std::shared_ptr<client_core> core, int64_t number);
  std::shared_ptr<client_core> core_;
  int64_t number_ = 0;
};

/// A connection to another host with one thread that moves its bytes. Thread-safe. The destructor
/// ends all streams (their calls then fail), says goodbye, closes the transport and joins the
/// thread.
class client_link {
public:
  /// Never fails itself: what is wrong with the other end shows in the first call.
  client_link(std::unique_ptr<net::transport> over, settings with);
  ~client_link();

  /// Opens a stream: `POST <path>` with the head as JSON text (at most 16 KiB; longer things go
  /// into the body). Blocks while the other end allows no more streams.
  /// @param limit  how long the other end may keep this stream waiting; default `stream_limit`
  result<std::unique_ptr<call>> open(std::string_view path, std::string_view head,
                                     std::optional<std::chrono::milliseconds> limit = {});
  /// A whole exchange: sends head and body, returns head, body (at most `body_limit_bytes`) and
  /// trailer.
  struct answer {
    std::string head;
    std::string body;
    std::string trailer;
  };
  result<answer> ask(std::string_view path, std::string_view head, std::string_view body = {},
                     size_t body_limit_bytes = size_t{64} << 20,
                     std::optional<std::chrono::milliseconds> limit = {});

  /// Why the link is of no use any more, if so.
  std::optional<error> failure() const;
  const settings& with() const;

private:
  std::shared_ptr<client_core> core_;
};

} // namespace pgbraid::link

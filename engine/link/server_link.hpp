// The serving end of a link: requests of another host over HTTP/2.
// Why HTTP/2: ARCHITECTURE.md, "Decisions".
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/link/settings.hpp"
#include "engine/net/transport.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace pgbraid::link {

class server_core;

/// One request of the other end. Used by one thread at a time (of ours; the link's own thread is
/// apart). Destroyed unanswered, it fails with `unhandled`. Every call fails with `protocol` once
/// the other end cancelled the stream or the link is gone.
class exchange {
public:
  ~exchange();
  exchange(const exchange&) = delete;
  exchange& operator=(const exchange&) = delete;

  const std::string& path() const; ///< as sent: `/v1/...`; nothing about it was checked
  const std::string& head() const; ///< JSON text as sent, hostile until parsed
  /// The body of the request; as `call::read`.
  result<size_t> read(byte_span out);
  /// The whole body; fails with `protocol` when it is larger.
  result<std::string> read_all(size_t limit_bytes);
  /// Whether `read` of that many bytes (or up to the end) would not block; also true when it would
  /// fail. Ask for no more than half a stream window.
  bool readable(size_t bytes) const;

  /// Sends the head of the answer; without it the first `write` or `finish` sends `{}`.
  result<void> respond(std::string_view head);
  /// Whether `write` of that many bytes would not block (also true when it would fail).
  /// @param wait  block until it would not, at most this long
  bool writable(size_t bytes, std::chrono::milliseconds wait = {}) const;
  /// Blocks while the other end takes no more.
  result<void> write(byte_view in);
  /// Ends the answer well.
  result<void> finish(std::string_view trailer = "{}");
  /// Ends the answer with an error: code, message and hint travel in the trailer.
  void fail(const error& what);
  /// Whether the other end gave up.
  bool cancelled() const;
  /// Lets go of it once this is destroyed and nothing of the answer waits here any more; `woken` is
  /// called then. Its destructor runs with the link's lock held.
  void keep(std::shared_ptr<void> what);

private:
  friend class server_core;
  exchange(std::shared_ptr<server_core> core, int64_t number, std::string path, std::string head);
  std::shared_ptr<server_core> core_;
  int64_t number_ = 0;
  std::string path_;
  std::string head_;
};

/// Serves one connection with one thread that moves its bytes.
class server_link {
public:
  /// @param woken  called from the link's thread whenever something changed that somebody may wait
  ///               for (a request came, a stream became writable, the link ended); must be quick
  server_link(std::unique_ptr<net::transport> over, settings with,
              std::function<void()> woken = {});
  ~server_link();

  /// The next request, waiting at most this long. Empty: none came; look at `ended`.
  std::unique_ptr<exchange> next(std::chrono::milliseconds wait);
  /// Whether the other end is gone (or was sent away), and there are no more requests.
  bool ended() const;
  /// Why, unless it said goodbye.
  std::optional<error> failure() const;
  /// Tells the other end that no more requests are taken (GOAWAY); running ones go on.
  void refuse_more();

private:
  std::shared_ptr<server_core> core_;
};

} // namespace pgbraid::link

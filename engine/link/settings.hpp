// Limits of one link between two hosts.
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace pgbraid::link {

/// Both ends have their own; each protects itself.
struct settings {
  /// The other host, for messages; empty on the serving end.
  std::string host = {};
  /// `ssh` or `tls`, for messages.
  std::string kind = {};
  uint32_t streams_max = 128; ///< streams that the other end may have open at once
  /// Bytes that the other end may send before we took them: per stream, and, at a serving end, over
  /// all streams. They are the memory that a link may need for what arrives. An asking end decides
  /// itself how many streams there are and grants each its window. A serving end that lets whole
  /// windows of streams wait unread needs a window of the link that is larger than all of those.
  uint32_t stream_window_bytes = uint32_t{2} << 20;
  uint32_t link_window_bytes = uint32_t{16} << 20;
  /// What one stream holds that was written but not yet sent.
  uint32_t out_bytes = uint32_t{2} << 20;
  uint32_t head_bytes = uint32_t{32} << 10; ///< largest list of headers or trailers
  /// A ping goes out when nothing arrived for this long.
  std::chrono::milliseconds ping_every = std::chrono::seconds(5);
  /// The link is dead when nothing at all arrived for this long (option io-timeout).
  std::chrono::milliseconds silence_limit = std::chrono::seconds(60);
  /// A stream fails when the other end keeps it waiting for longer (option protocol-timeout).
  std::chrono::milliseconds stream_limit = std::chrono::minutes(31);
};

} // namespace pgbraid::link

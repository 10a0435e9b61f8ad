// What a link keeps of one request while it is under way.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/clock.hpp"
#include "engine/base/error.hpp"
#include "engine/link/byte_queue.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace pgbraid::link {

/// State shared by the thread of the link and the caller; the session's mutex guards all of it.
struct stream {
  int64_t number = 0; ///< ours, for its caller
  int32_t id = -1;    ///< of HTTP/2; -1 until it has one
  std::chrono::milliseconds limit = {};
  monotonic::time_point moved_at = {}; ///< when the other end last did something

  // What arrives.
  size_t block_bytes = 0; ///< of the list of headers that is arriving
  std::string method = {};
  std::string path = {};
  std::string status = {};
  std::optional<std::string> head = {};
  std::optional<std::string> trailer = {};
  std::optional<std::string> peer_error = {};
  bool headers_came = false;
  bool input_ended = false;
  byte_queue in = {};
  byte_span target = {};   ///< of a waiting reader: bytes go there at once
  size_t wanted_bytes = 0; ///< somebody waits until `in` holds so many
  size_t taken_bytes = 0;  ///< the caller has them, but may not have done with them
  size_t credit_bytes = 0; ///< to be granted again

  // What leaves.
  std::string out_head = {}; ///< JSON of the head
  byte_queue out = {};
  size_t wanted_room = 0;         ///< somebody waits until `out` has room for so many bytes
  bool out_begun = false;         ///< there is a head
  bool out_submitted = false;     ///< the head is on its way
  bool out_deferred = false;      ///< HTTP/2 waits for more from us
  bool out_ended = false;         ///< no more will be written
  bool out_closed = false;        ///< the end is on its way
  const char* end_name = nullptr; ///< header that closes the stream; none for requests
  std::string end_value = {};

  std::optional<monotonic::time_point> read_asked_at = {};
  std::optional<monotonic::time_point> write_asked_at = {};

  // How it ends.
  bool touched = false;            ///< the link's thread shall look at it
  bool cancel = false;             ///< it shall be reset
  bool released = false;           ///< its caller is gone
  std::shared_ptr<void> kept = {}; ///< goes with the stream, see `exchange::keep`
  bool closed = false;             ///< HTTP/2 has done with it
  std::optional<error> failed = {};
  std::condition_variable changed = {};
};

} // namespace pgbraid::link

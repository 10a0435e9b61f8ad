// A peer whose bytes are known beforehand: what fuzz targets put at the other end of a link.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/net/transport.hpp"

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

namespace pgbraid::fuzz {

/// What a link under test hears, and when. Outlives the link. Everything that is said to it is
/// taken and forgotten.
class fed_peer {
public:
  /// @param says      all of its bytes
  /// @param piece     how many of them come at once
  /// @param requests  it listens until so many requests (lists of headers) came
  fed_peer(std::string_view says, size_t piece, size_t requests = 0);
  ~fed_peer();
  fed_peer(const fed_peer&) = delete;
  fed_peer& operator=(const fed_peer&) = delete;

  std::unique_ptr<net::transport> transport();
  /// The link has read all of it and came back for more, or gave up.
  bool is_used_up() const { return used_up_; }
  void wait_until_used_up() const { used_up_.wait(false); }
  void hang_up();

private:
  class fed_transport;
  void listen(byte_view to);
  void note_used_up();

  std::string_view left_;
  const size_t piece_;
  const int wake_fd_;
  size_t requests_;
  std::string heard_ = {}; ///< not understood yet
  bool greeted_ = false;
  std::atomic<bool> used_up_ = false;
  std::atomic<bool> hung_up_ = false;
};

} // namespace pgbraid::fuzz

// A peer that says whatever a test wants, byte by byte, with no HTTP/2 library of its own.
// SPDX-License-Identifier: MIT
#pragma once

#include "tests/unit/engine/link/raw_frames.hpp"
#include "tests/unit/engine/link/rig.hpp"

#include <poll.h>

namespace pgbraid::test {

/// The peer's end of a socket.
class raw_peer {
public:
  /// @param skip_bytes  of what is heard: a client's preface, which is no frame
  explicit raw_peer(int fd, size_t skip_bytes = 0) : fd_(fd), skip_bytes_(skip_bytes) {}
  ~raw_peer() { ::close(fd_); }
  raw_peer(const raw_peer&) = delete;
  raw_peer& operator=(const raw_peer&) = delete;

  /// Sends all of it and reads what comes meanwhile; false when the other end closed.
  bool say(std::string_view what) {
    while (!what.empty()) {
      const auto put = ::send(fd_, what.data(), what.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (put < 0 && errno != EAGAIN)
        return false;
      if (put > 0)
        what.remove_prefix(static_cast<size_t>(put));
      hear(put > 0 ? 0 : 10);
    }
    return true;
  }
  /// Whether the other end hangs up within this time; keeps what it said.
  bool hangs_up(std::chrono::milliseconds within = 5s) {
    const auto until = std::chrono::steady_clock::now() + within;
    while (!closed_ && std::chrono::steady_clock::now() < until)
      hear(10);
    return closed_;
  }
  /// Whether a frame of this type comes for this stream, within some seconds.
  bool gets(uint8_t type, uint32_t id) {
    const auto until = std::chrono::steady_clock::now() + 5s;
    do {
      for (size_t at = skip_bytes_; at + 9 <= heard_.size();) {
        const auto byte = [&](size_t k) { return uint32_t{static_cast<uint8_t>(heard_[at + k])}; };
        const auto size = byte(0) << 16 | byte(1) << 8 | byte(2);
        const auto whose = (byte(5) << 24 | byte(6) << 16 | byte(7) << 8 | byte(8)) & 0x7fffffff;
        if (byte(3) == type && whose == id && at + 9 + size <= heard_.size())
          return true;
        at += 9 + size;
      }
      hear(10);
    } while (!closed_ && std::chrono::steady_clock::now() < until);
    return false;
  }
  const std::string& heard() const { return heard_; }
  void end() { ::shutdown(fd_, SHUT_WR); }

private:
  void hear(int timeout_ms) {
    pollfd on = {.fd = fd_, .events = POLLIN, .revents = 0};
    if (::poll(&on, 1, timeout_ms) <= 0)
      return;
    char room[65536];
    const auto got = ::recv(fd_, room, sizeof(room), MSG_DONTWAIT);
    if (got > 0)
      heard_.append(room, static_cast<size_t>(got));
    else if (got == 0 || errno != EAGAIN)
      closed_ = true;
  }
  int fd_;
  size_t skip_bytes_;
  bool closed_ = false;
  std::string heard_;
};

} // namespace pgbraid::test

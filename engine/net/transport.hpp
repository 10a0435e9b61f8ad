// Two directions of bytes between hosts: pipes of ssh, a socket, TLS.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/bytes.hpp"
#include "engine/base/result.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace pgbraid::net {

/// What a transport waits for before it can go on.
enum class readiness : uint8_t { none, readable, writable };

/// How far one call came.
struct progress {
  size_t bytes = 0;
  readiness waits_for = readiness::none; ///< when `bytes` is 0: what to poll for
  bool closed = false;                   ///< read only: the other end said goodbye
};

/// Moves bytes without ever blocking. Used by one thread at a time. Errors are `protocol` (39).
class transport {
public:
  virtual ~transport() = default;
  virtual result<progress> read(byte_span out) = 0;
  virtual result<progress> write(byte_view in) = 0;
  /// What to poll; the same number where one descriptor does both.
  virtual int read_fd() const = 0;
  virtual int write_fd() const = 0;
  /// Why the other end went away, as far as it can be known once it did: what ssh printed and its
  /// exit status. Waits a second at most. Empty when there is nothing to say.
  virtual std::optional<error> farewell() { return {}; }
  /// Ends both directions and whatever serves them (a child is ended and reaped, within seconds).
  /// May be called twice.
  virtual void close() = 0;
};

/// Takes both descriptors (they may be equal) and makes them non-blocking.
std::unique_ptr<transport> make_fd_transport(int read_fd, int write_fd);

} // namespace pgbraid::net

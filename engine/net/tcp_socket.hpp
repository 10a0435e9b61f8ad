// TCP connections to and from other hosts.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/clock.hpp"
#include "engine/base/result.hpp"
#include "engine/io/unique_fd.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pgbraid::net {

/// Options sck-keep-alive and tcp-keep-alive-*.
struct keep_alive {
  bool on = true;
  std::optional<int> count = {};
  std::optional<int> idle_s = {};
  std::optional<int> interval_s = {};

  bool operator==(const keep_alive&) const = default;
};

/// One attempt to connect: every address of the name in turn, until one answers.
/// Fails with `host_connect` (49) `unable to connect to 'H:8432 (ip)': [111] Connection refused`,
/// or with `host_invalid` for a name that does not exist, which another attempt does not change.
result<io::unique_fd> connect_tcp(const std::string& host, uint16_t port, const keep_alive& how,
                                  monotonic::time_point until);

/// Listens on every address of a name; `*` means all of this host. At least one must work.
/// Fails with `host_connect` (49).
result<std::vector<io::unique_fd>> listen_tcp(const std::string& address, uint16_t port);

/// Where a listener listens, as `10.0.0.1:8432` or `[::1]:8432`, and whether only this host gets
/// there.
struct listening_place {
  std::string shown;
  bool only_this_host = false;
};
listening_place place_of(int listener);

/// A connection that came in, with the address of the other end for messages.
struct accepted {
  io::unique_fd socket;
  std::string from;
};
/// Takes the next connection; empty when none waits (any more). Fails with `kernel` (100) when one
/// waits and this host has nothing left to take it with.
result<std::optional<accepted>> accept_tcp(int listener, const keep_alive& how);

} // namespace pgbraid::net

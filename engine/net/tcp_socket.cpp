// TCP connections to and from other hosts.
// SPDX-License-Identifier: MIT
#include "engine/net/tcp_socket.hpp"

#include "engine/base/stop_signal.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>

namespace pgbraid::net {

namespace {

using std::chrono::milliseconds;

constexpr int backlog = 1024;

using address_list = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

/// The name service answered that there is no such name; waiting would not make one.
bool is_unknown(int failed) {
  return failed == EAI_NONAME || failed == EAI_NODATA;
}

result<address_list> find_addresses(const std::string& host, uint16_t port, bool to_listen) {
  addrinfo hints = {};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | (to_listen ? AI_PASSIVE : AI_ADDRCONFIG);
  addrinfo* found = nullptr;
  const bool all = to_listen && host == "*";
  const int failed =
      ::getaddrinfo(all ? nullptr : host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (failed != 0)
    return error{is_unknown(failed) ? errc::host_invalid : errc::host_connect,
                 fmt::format("unable to get address for '{}': [{}] {}", host, failed,
                             ::gai_strerror(failed)),
                 is_unknown(failed) ? "is the name of the host spelled right?" : ""};
  return address_list(found, ::freeaddrinfo);
}

std::string shown(const sockaddr* address, socklen_t size) {
  std::array<char, NI_MAXHOST> text = {};
  if (::getnameinfo(address, size, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) != 0)
    return "unknown";
  return text.data();
}

void set(int fd, int level, int name, int value) {
  // What the system does not know leaves its own value.
  ::setsockopt(fd, level, name, &value, sizeof(value));
}

void prepare(int fd, const keep_alive& how) {
  set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  if (!how.on)
    return;
  set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  if (how.count)
    set(fd, IPPROTO_TCP, TCP_KEEPCNT, *how.count);
  if (how.idle_s)
    set(fd, IPPROTO_TCP, TCP_KEEPIDLE, *how.idle_s);
  if (how.interval_s)
    set(fd, IPPROTO_TCP, TCP_KEEPINTVL, *how.interval_s);
}

/// 0, or why the connection did not come about.
int finish_connect(int fd, monotonic::time_point until) {
  constexpr auto slice = milliseconds(100);
  while (stop_signal == 0) {
    const auto left = std::chrono::duration_cast<milliseconds>(until - monotonic::now());
    if (left.count() <= 0)
      return ETIMEDOUT;
    pollfd one = {fd, POLLOUT, 0};
    if (::poll(&one, 1, static_cast<int>(std::min(left, slice).count())) <= 0)
      continue;
    int failed = 0;
    socklen_t size = sizeof(failed);
    return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &size) == 0 ? failed : errno;
  }
  return EINTR;
}

int connect_one(const addrinfo& to, io::unique_fd& socket, monotonic::time_point until) {
  socket = io::unique_fd(
      ::socket(to.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, to.ai_protocol));
  if (!socket)
    return errno;
  if (::connect(socket.get(), to.ai_addr, to.ai_addrlen) == 0)
    return 0;
  return errno == EINPROGRESS ? finish_connect(socket.get(), until) : errno;
}

/// An address that swallows everything must leave time for those behind it.
monotonic::time_point share_of_time(const addrinfo& first, monotonic::time_point until) {
  int count = 0;
  for (const auto* one = &first; one; one = one->ai_next)
    ++count;
  const auto now = monotonic::now();
  return now + (until - now) / count;
}

int listen_one(const addrinfo& at, io::unique_fd& socket) {
  socket = io::unique_fd(
      ::socket(at.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, at.ai_protocol));
  if (!socket)
    return errno;
  set(socket.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (at.ai_family == AF_INET6)
    set(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1);
  if (::bind(socket.get(), at.ai_addr, at.ai_addrlen) != 0 || ::listen(socket.get(), backlog) != 0)
    return errno;
  return 0;
}

/// The connection still waits; all other errors are those of one that is gone.
bool is_short_of_means(int error_number) {
  return error_number == EMFILE || error_number == ENFILE || error_number == ENOBUFS ||
         error_number == ENOMEM;
}

} // namespace

result<io::unique_fd> connect_tcp(const std::string& host, uint16_t port, const keep_alive& how,
                                  monotonic::time_point until) {
  auto addresses = find_addresses(host, port, false);
  if (!addresses)
    return addresses.failure();
  error last{errc::host_connect, fmt::format("'{}' has no address", host)};
  for (const auto* one = addresses->get(); one; one = one->ai_next) {
    io::unique_fd socket;
    const int failed = connect_one(*one, socket, share_of_time(*one, until));
    if (failed == 0) {
      prepare(socket.get(), how);
      return socket;
    }
    last = system_error(errc::host_connect,
                        fmt::format("unable to connect to '{}:{} ({})'", host, port,
                                    shown(one->ai_addr, one->ai_addrlen)),
                        failed);
  }
  return last;
}

result<std::vector<io::unique_fd>> listen_tcp(const std::string& address, uint16_t port) {
  auto addresses = find_addresses(address, port, true);
  if (!addresses)
    return error{errc::host_connect, addresses.failure().message, addresses.failure().hint};
  std::vector<io::unique_fd> out;
  error last{errc::host_connect, fmt::format("'{}' has no address", address)};
  for (const auto* one = addresses->get(); one; one = one->ai_next) {
    io::unique_fd socket;
    if (const int failed = listen_one(*one, socket); failed != 0)
      last = system_error(errc::host_connect,
                          fmt::format("unable to listen on '{}:{} ({})'", address, port,
                                      shown(one->ai_addr, one->ai_addrlen)),
                          failed);
    else
      out.push_back(std::move(socket));
  }
  if (out.empty())
    return last;
  return out;
}

listening_place place_of(int listener) {
  sockaddr_storage address = {};
  socklen_t size = sizeof(address);
  auto* any = reinterpret_cast<sockaddr*>(&address);
  if (::getsockname(listener, any, &size) != 0)
    return {"unknown"};
  if (address.ss_family == AF_INET6) {
    const auto& six = *reinterpret_cast<const sockaddr_in6*>(&address);
    return {fmt::format("[{}]:{}", shown(any, size), ntohs(six.sin6_port)),
            IN6_IS_ADDR_LOOPBACK(&six.sin6_addr) != 0};
  }
  const auto& four = *reinterpret_cast<const sockaddr_in*>(&address);
  constexpr uint32_t loopback = 127;
  return {fmt::format("{}:{}", shown(any, size), ntohs(four.sin_port)),
          ntohl(four.sin_addr.s_addr) >> 24 == loopback};
}

result<std::optional<accepted>> accept_tcp(int listener, const keep_alive& how) {
  sockaddr_storage address = {};
  socklen_t size = sizeof(address);
  io::unique_fd socket(::accept4(listener, reinterpret_cast<sockaddr*>(&address), &size,
                                 SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!socket && is_short_of_means(errno))
    return system_error(errc::kernel, "unable to accept a connection", errno);
  if (!socket)
    return std::optional<accepted>();
  prepare(socket.get(), how);
  auto from = shown(reinterpret_cast<sockaddr*>(&address), size);
  return std::optional(accepted{std::move(socket), std::move(from)});
}

} // namespace pgbraid::net

// Both ends of a link in one process.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/link/client_link.hpp"
#include "engine/link/server_link.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace pgbraid::test {

using namespace std::chrono_literals;

inline std::array<int, 2> socket_pair() {
  std::array<int, 2> ends{};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
  return ends;
}

inline std::unique_ptr<net::transport> over_socket(int fd) {
  return net::make_fd_transport(fd, fd);
}

inline link::settings client_settings() {
  return {.host = "db1", .kind = "ssh"};
}

/// Bytes that differ from place to place.
inline std::string pattern(size_t count, uint64_t seed = 1) {
  std::string out(count, '\0');
  for (auto& c : out) {
    seed = seed * 6364136223846793005 + 1442695040888963407;
    c = static_cast<char>(seed >> 56);
  }
  return out;
}

/// Answers requests with a function until the link ends, each on a thread of its own.
class answering {
public:
  using handler = std::function<void(link::exchange&)>;

  answering(std::unique_ptr<net::transport> over, link::settings with, handler how)
      : link_(std::move(over), std::move(with)),
        thread_([this, how = std::move(how)] { run(how); }) {}
  ~answering() {
    stop_ = true;
    thread_.join();
  }
  link::server_link& operator*() { return link_; }
  link::server_link* operator->() { return &link_; }

private:
  void run(const handler& how) {
    std::vector<std::thread> at_work;
    while (!stop_ && !link_.ended()) {
      std::shared_ptr<link::exchange> asked = link_.next(20ms);
      if (asked)
        at_work.emplace_back([asked, how] { how(*asked); });
    }
    for (auto& t : at_work)
      t.join();
  }
  link::server_link link_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

/// A client and a server that are connected.
struct pair_of_ends {
  explicit pair_of_ends(answering::handler how, link::settings client = client_settings(),
                        link::settings server = {})
      : pair_of_ends(socket_pair(), std::move(how), std::move(client), std::move(server)) {}
  pair_of_ends(std::array<int, 2> ends, answering::handler how, link::settings client,
               link::settings server)
      : serving(over_socket(ends[1]), std::move(server), std::move(how)),
        asking(std::make_unique<link::client_link>(over_socket(ends[0]), std::move(client))) {}
  answering serving;
  std::unique_ptr<link::client_link> asking;
};

} // namespace pgbraid::test

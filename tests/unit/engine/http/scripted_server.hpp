// An HTTP server whose answers a test writes, byte by byte.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/clock.hpp"
#include "engine/net/tcp_socket.hpp"

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <charconv>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace pgbraid::test {

struct seen_request {
  std::string head; ///< with its first line
  std::string body;
  /// The value of a header, however its name is written.
  std::string header(std::string_view name) const {
    const auto wanted = "\r\n" + std::string(name) + ": ";
    const auto found = std::search(head.begin(), head.end(), wanted.begin(), wanted.end(),
                                   [](char a, char b) { return ::tolower(a) == ::tolower(b); });
    if (found == head.end())
      return {};
    const auto at = static_cast<size_t>(found - head.begin());
    const auto begin = at + name.size() + 4;
    return head.substr(begin, head.find("\r\n", begin) - begin);
  }
  std::string first_line() const { return head.substr(0, head.find("\r\n")); }
};

struct scripted_answer {
  std::string bytes;                 ///< with status line and headers
  bool hangs_up = false;             ///< after them
  std::chrono::milliseconds wait{0}; ///< before them
  std::chrono::milliseconds drip{0}; ///< between any two of the last ones
  size_t at_once = 0;                ///< so many come without it
};

/// `200 OK` and the like, with a length that is right.
inline std::string http_answer(std::string_view status, std::string_view body = {},
                               std::string_view headers = {}) {
  return "HTTP/1.1 " + std::string(status) + "\r\n" + std::string(headers) +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

/// Serves each connection in a thread of its own until it goes.
class scripted_server {
public:
  using script = std::function<scripted_answer(const seen_request&, size_t number)>;

  explicit scripted_server(script answers) : answers_(std::move(answers)) {
    auto all = net::listen_tcp("127.0.0.1", 0);
    REQUIRE(all);
    listener_ = std::move(all->front());
    sockaddr_in at = {};
    socklen_t size = sizeof(at);
    REQUIRE(::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&at), &size) == 0);
    port = ntohs(at.sin_port);
    accepting_ = std::thread([this] { accept_all(); });
  }
  ~scripted_server() {
    ending_ = true;
    accepting_.join();
    for (auto& one : connections_) {
      ::shutdown(one.fd.get(), SHUT_RDWR);
      one.thread.join();
    }
  }

  std::string url(std::string_view path = "/") const {
    return "http://127.0.0.1:" + std::to_string(port) + std::string(path);
  }
  size_t connections() const { return accepted_; }
  size_t at_once_most() const { return most_; }
  std::vector<seen_request> seen() {
    const std::lock_guard held(mutex_);
    return seen_;
  }

  uint16_t port = 0;

private:
  struct connection {
    io::unique_fd fd;
    std::thread thread;
  };

  void accept_all() {
    while (!ending_) {
      pollfd one{listener_.get(), POLLIN, 0};
      if (::poll(&one, 1, 20) <= 0)
        continue;
      io::unique_fd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (fd.get() < 0)
        continue;
      ++accepted_;
      const int number = fd.get();
      connections_.push_back({std::move(fd), {}});
      connections_.back().thread = std::thread([this, number] { serve(number); });
    }
  }
  void serve(int fd) {
    std::string here;
    while (!ending_) {
      const auto end = here.find("\r\n\r\n");
      const auto length = end == std::string::npos ? 0 : length_in(here.substr(0, end + 2));
      if (end == std::string::npos || here.size() < end + 4 + length) {
        char room[65536];
        const auto got = ::recv(fd, room, sizeof(room), 0);
        if (got <= 0)
          return;
        here.append(room, static_cast<size_t>(got));
        continue;
      }
      const seen_request request{here.substr(0, end + 2), here.substr(end + 4, length)};
      here.erase(0, end + 4 + length);
      if (!answer(fd, request))
        return;
    }
  }
  static size_t length_in(const std::string& head) {
    const seen_request as{head, {}};
    const auto text = as.header("Content-Length");
    size_t length = 0;
    std::from_chars(text.data(), text.data() + text.size(), length);
    return length;
  }
  bool answer(int fd, const seen_request& request) {
    size_t number = 0;
    {
      const std::lock_guard held(mutex_);
      number = seen_.size();
      seen_.push_back(request);
      most_ = std::max(most_.load(), ++busy_);
    }
    const auto with = answers_(request, number);
    pause(with.wait);
    bool sent = true;
    const size_t drops = with.drip.count() > 0 ? 1 : with.bytes.size();
    for (size_t at = 0; sent && !ending_ && at < with.bytes.size();) {
      const auto piece =
          std::string_view(with.bytes)
              .substr(at, std::max(drops, with.at_once - std::min(at, with.at_once)));
      at += piece.size();
      sent = ::send(fd, piece.data(), piece.size(), MSG_NOSIGNAL) ==
             static_cast<ssize_t>(piece.size());
      pause(with.drip);
    }
    {
      const std::lock_guard held(mutex_);
      --busy_;
    }
    if (with.hangs_up)
      ::shutdown(fd, SHUT_RDWR);
    return sent && !with.hangs_up;
  }
  void pause(std::chrono::milliseconds length) {
    const auto until = monotonic::now() + length;
    while (!ending_ && monotonic::now() < until)
      sleep_through(
          std::min<monotonic::duration>(until - monotonic::now(), std::chrono::milliseconds(10)));
  }

  const script answers_;
  io::unique_fd listener_;
  std::atomic<bool> ending_{false};
  std::atomic<size_t> accepted_{0};
  std::atomic<size_t> most_{0};
  std::mutex mutex_; ///< guards what follows
  std::vector<seen_request> seen_;
  size_t busy_ = 0;
  std::list<connection> connections_; ///< of the accepting thread
  std::thread accepting_;
};

} // namespace pgbraid::test

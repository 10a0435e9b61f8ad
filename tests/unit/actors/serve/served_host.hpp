// Another host within the test: links over socketpairs, served by threads.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/serve/service.hpp"
#include "engine/link/remote_host.hpp"
#include "storage/driver/remote/remote_storage.hpp"
#include "storage/wire/protocol.hpp"
#include "storage/wire/wire.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <list>
#include <mutex>
#include <thread>

namespace pgbraid::test {

/// Names in a directory, sorted.
inline std::vector<std::string> names_in(const std::string& directory) {
  std::vector<std::string> all;
  for (const auto& one : std::filesystem::directory_iterator(directory))
    all.push_back(one.path().filename());
  std::sort(all.begin(), all.end());
  return all;
}

class no_copies final : public serve::copy_runner {
public:
  void take(std::unique_ptr<link::exchange> asked, const serve::grants&) override {
    asked->fail({errc::feature_not_supported, "no copies here"});
  }
  void look() override {}
  void end() override {}
};

using copies_maker = std::function<std::unique_ptr<serve::copy_runner>()>;
inline std::unique_ptr<serve::copy_runner> make_no_copies() {
  return std::make_unique<no_copies>();
}

/// Serves every connection with the same grants. Connections can be cut, and counted.
class served_host {
public:
  explicit served_host(serve::grants may, copies_maker copies = make_no_copies)
      : may_(std::move(may)), make_copies_(std::move(copies)) {}
  /// All links must be gone by then, or cut. (Our descriptors keep their sockets open.)
  ~served_host() {
    cut();
    for (auto& one : served_)
      one.thread.join();
  }
  served_host(const served_host&) = delete;
  served_host& operator=(const served_host&) = delete;

  /// A connection without a greeting.
  std::unique_ptr<link::client_link> dial() {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    const std::lock_guard guard(mutex_);
    auto& served = served_.emplace_back();
    served.spare_fd = ::dup(ends[0]);
    served.thread = std::thread([this, fd = ends[1]] {
      const auto copies = make_copies_();
      const auto done = serve::serve_connection(
          net::make_fd_transport(fd, fd), {}, [this](const auto& said) { return admit(said); },
          *copies);
      ++(done ? ended_well : ended_badly);
    });
    return std::make_unique<link::client_link>(net::make_fd_transport(ends[0], ends[0]),
                                               link::settings{.host = "there", .kind = "ssh"});
  }
  /// A connection that may be used.
  result<std::unique_ptr<link::client_link>> greet() {
    auto made = dial();
    const wire::hello said{wire::version_min, wire::version_max, "test", {}, {"a.lock"}};
    if (auto heard = made->ask(wire::path::hello, wire::encode(said)); !heard)
      return heard.failure();
    return made;
  }
  std::shared_ptr<link::remote_host> connect(unsigned links_max = 2) {
    auto host =
        link::remote_host::connect("there", links_max, [this](unsigned) { return greet(); });
    REQUIRE(host);
    return *host;
  }
  /// Breaks all connections as a network would.
  void cut() {
    const std::lock_guard guard(mutex_);
    for (auto& one : served_)
      ::shutdown(one.spare_fd, SHUT_RDWR);
  }
  /// Breaks the first connection only.
  void cut_first() {
    const std::lock_guard guard(mutex_);
    ::shutdown(served_.front().spare_fd, SHUT_RDWR);
  }
  /// Breaks the last connection only.
  void cut_last() {
    const std::lock_guard guard(mutex_);
    ::shutdown(served_.back().spare_fd, SHUT_RDWR);
  }
  size_t dialled() {
    const std::lock_guard guard(mutex_);
    return served_.size();
  }

  std::atomic<int> ended_well = 0;
  std::atomic<int> ended_badly = 0;
  std::atomic<bool> refuses = false;
  /// What the first connection keeps; set before.
  std::shared_ptr<void> keep = {};

private:
  struct served_one {
    ~served_one() { ::close(spare_fd); }
    int spare_fd = -1;
    std::thread thread = {};
  };
  result<serve::admission> admit(const serve::greeting& said) {
    if (refuses)
      return error{errc::access, "access denied", "Ask somebody else."};
    CHECK(said.program == "test");
    CHECK(said.locks == std::vector<std::string>{"a.lock"});
    return serve::admission{.may = may_, .keep = keep};
  }

  serve::grants may_;
  copies_maker make_copies_;
  std::mutex mutex_;
  std::list<served_one> served_;
};

} // namespace pgbraid::test

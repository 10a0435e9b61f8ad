// Links that break: the other end is gone, silent, or too slow.
// SPDX-License-Identifier: MIT
#include "tests/unit/engine/link/rig.hpp"

using namespace pgbraid;
using namespace pgbraid::test;

namespace {

/// A transport whose other end leaves a word when it goes.
class with_farewell final : public net::transport {
public:
  explicit with_farewell(int fd) : under_(over_socket(fd)) {}
  result<net::progress> read(byte_span out) override { return under_->read(out); }
  result<net::progress> write(byte_view in) override { return under_->write(in); }
  int read_fd() const override { return under_->read_fd(); }
  int write_fd() const override { return under_->write_fd(); }
  std::optional<error> farewell() override {
    return error{errc::unknown, "ssh: no route to host 'db1'"};
  }
  void close() override { under_->close(); }

private:
  std::unique_ptr<net::transport> under_;
};

void finish(link::exchange& asked) {
  (void)asked.finish().operator bool();
}

} // namespace

TEST_CASE("link: a server that goes in the middle of an answer") {
  const auto fds = socket_pair();
  link::client_link asking(over_socket(fds[0]), client_settings());
  auto serving = std::make_unique<link::server_link>(over_socket(fds[1]), link::settings{});
  auto asked = asking.open("/", "{}");
  REQUIRE(asked);
  auto got = serving->next(5s);
  REQUIRE(got);
  REQUIRE(got->respond("{}"));
  REQUIRE(got->write(as_bytes("some")));
  std::string in(4, '\0');
  REQUIRE((*asked)->read(std::as_writable_bytes(std::span(in))));
  serving.reset();
  CHECK_FALSE(got->write(as_bytes("more")));
  CHECK(got->cancelled());
  got.reset();
  const auto rest = (*asked)->read(std::as_writable_bytes(std::span(in)));
  REQUIRE_FALSE(rest);
  CHECK(rest.failure().code == errc::protocol);
  CHECK_FALSE((*asked)->trailer());
  CHECK_FALSE((*asked)->write(as_bytes("x")));
  while (!asking.failure())
    std::this_thread::sleep_for(1ms);
  CHECK_FALSE(asking.open("/", "{}"));
}

TEST_CASE("link: what was answered can be read after the other end has gone") {
  const auto fds = socket_pair();
  link::client_link asking(over_socket(fds[0]), client_settings());
  auto serving = std::make_unique<link::server_link>(over_socket(fds[1]), link::settings{});
  auto asked = asking.open("/", "{}");
  REQUIRE(asked);
  REQUIRE((*asked)->end_write());
  {
    auto got = serving->next(5s);
    REQUIRE(got);
    const auto body = pattern(1 << 20);
    REQUIRE(got->write(as_bytes(body)));
    REQUIRE(got->finish("{\"all\":1}"));
  }
  serving.reset(); // sends what is finished first
  while (!asking.failure())
    std::this_thread::sleep_for(1ms);
  std::string in(2 << 20, '\0');
  const auto got = (*asked)->read(std::as_writable_bytes(std::span(in)));
  REQUIRE(got);
  CHECK(*got == size_t{1} << 20);
  REQUIRE((*asked)->trailer());
  CHECK(*(*asked)->trailer() == "{\"all\":1}");
}

TEST_CASE("link: a cut is told from a goodbye") {
  auto fds = socket_pair();
  {
    link::server_link serving(over_socket(fds[1]), {});
    { const link::client_link asking(over_socket(fds[0]), client_settings()); }
    while (!serving.ended())
      std::this_thread::sleep_for(1ms);
    CHECK_FALSE(serving.failure());
  }
  fds = socket_pair();
  link::server_link serving(over_socket(fds[1]), {});
  ::close(fds[0]);
  while (!serving.ended())
    std::this_thread::sleep_for(1ms);
  REQUIRE(serving.failure());
  CHECK(serving.failure()->code == errc::protocol);
  CHECK(serving.failure()->message == "the other host closed the connection");
}

TEST_CASE("link: the transport's farewell is the reason when there is one") {
  const auto fds = socket_pair();
  ::close(fds[1]);
  link::client_link asking(std::make_unique<with_farewell>(fds[0]), client_settings());
  const auto got = asking.ask("/", "{}");
  REQUIRE_FALSE(got);
  CHECK(got.failure().code == errc::unknown);
  CHECK(got.failure().message == "ssh: no route to host 'db1'");
  REQUIRE(asking.failure());
  CHECK(asking.failure()->message == "ssh: no route to host 'db1'");
}

TEST_CASE("link: calls outlive their link, and fail") {
  const auto fds = socket_pair();
  link::server_link serving(over_socket(fds[1]), {});
  auto asking = std::make_unique<link::client_link>(over_socket(fds[0]), client_settings());
  auto asked = asking->open("/", "{}");
  REQUIRE(asked);
  std::thread waits([&] { CHECK_FALSE((*asked)->head()); });
  std::this_thread::sleep_for(10ms);
  asking.reset();
  waits.join();
  CHECK_FALSE((*asked)->write(as_bytes("x")));
  CHECK_FALSE((*asked)->end_write());
  CHECK((*asked)->readable(1));
}

TEST_CASE("link: exchanges outlive their link, and fail") {
  const auto fds = socket_pair();
  auto serving = std::make_unique<link::server_link>(over_socket(fds[1]), link::settings{});
  link::client_link asking(over_socket(fds[0]), client_settings());
  auto asked = asking.open("/", "{}");
  REQUIRE(asked);
  auto got = serving->next(5s);
  REQUIRE(got);
  serving.reset();
  std::array<std::byte, 1> room{};
  CHECK_FALSE(got->read(room));
  CHECK_FALSE(got->finish());
  CHECK(got->cancelled());
  CHECK(got->writable(1));
}

TEST_CASE("link: silence ends it, pings keep it") {
  auto quick = client_settings();
  quick.ping_every = 20ms;
  quick.silence_limit = 200ms;
  {
    // Both ends idle for longer than the limit.
    pair_of_ends ends(finish, quick, quick);
    REQUIRE(ends.asking->ask("/", "{}"));
    std::this_thread::sleep_for(600ms);
    CHECK(ends.asking->ask("/", "{}"));
    CHECK_FALSE(ends.asking->failure());
  }
  // Nobody at the other end.
  const auto fds = socket_pair();
  link::client_link asking(over_socket(fds[0]), quick);
  const auto got = asking.ask("/", "{}");
  REQUIRE_FALSE(got);
  CHECK(got.failure().code == errc::protocol);
  CHECK(got.failure().message ==
        "ssh connection to 'db1': nothing came from the other host for 200 ms");
  ::close(fds[1]);
}

TEST_CASE("link: a request that waits too long fails alone") {
  std::atomic<bool> stop = false;
  pair_of_ends ends([&](link::exchange& asked) {
    if (asked.path() == "/quick")
      return finish(asked);
    while (!stop && !asked.cancelled())
      std::this_thread::sleep_for(1ms);
  });
  const auto slow = ends.asking->ask("/slow", "{}", {}, 1000, 50ms);
  REQUIRE_FALSE(slow);
  CHECK(slow.failure().message.find("kept a request waiting for longer than 50 ms") !=
        std::string::npos);
  // A writer, and one who only looks whether there is something.
  auto asked = ends.asking->open("/slow", "{}", 50ms);
  REQUIRE(asked);
  const auto much = pattern(8 << 20);
  CHECK_FALSE((*asked)->write(as_bytes(much)));
  asked = ends.asking->open("/slow", "{}", 50ms);
  REQUIRE(asked);
  while (!(*asked)->readable(1))
    std::this_thread::sleep_for(1ms);
  std::array<std::byte, 1> room{};
  CHECK_FALSE((*asked)->read(room));
  CHECK(ends.asking->ask("/quick", "{}"));
  stop = true;
}

TEST_CASE("link: a client that keeps the server waiting loses its request only") {
  link::settings quick;
  quick.stream_limit = 50ms;
  std::atomic<bool> failed = false;
  pair_of_ends ends(
      [&](link::exchange& asked) {
        if (asked.path() == "/quick")
          return finish(asked);
        failed = !asked.read_all(1000);
      },
      client_settings(), quick);
  auto asked = ends.asking->open("/slow", "{}");
  REQUIRE(asked);
  REQUIRE((*asked)->write(as_bytes("x")));
  CHECK_FALSE((*asked)->head());
  while (!failed)
    std::this_thread::sleep_for(1ms);
  CHECK(ends.asking->ask("/quick", "{}"));
}

TEST_CASE("link: to look for the end of an answer is not to wait for it") {
  auto impatient = client_settings();
  impatient.stream_limit = 50ms;
  std::atomic<bool> enough = false;
  pair_of_ends ends(
      [&](link::exchange& asked) {
        CHECK(asked.respond("{}"));
        while (!enough)
          std::this_thread::sleep_for(1ms);
        CHECK(asked.finish());
      },
      impatient);
  auto asked = ends.asking->open("/long", "{}");
  REQUIRE(asked);
  REQUIRE((*asked)->end_write());
  REQUIRE((*asked)->head());
  for (int i = 0; i < 120; ++i) {
    CHECK_FALSE((*asked)->has_ended());
    std::this_thread::sleep_for(1ms);
  }
  enough = true;
  while (!(*asked)->has_ended())
    std::this_thread::sleep_for(1ms);
  CHECK((*asked)->trailer());
}

TEST_CASE("link: ends do not wait for each other for long when both are destroyed") {
  for (int i = 0; i < 20; ++i) {
    pair_of_ends ends(finish);
    if (i % 2 == 0)
      (void)ends.asking->ask("/", "{}").operator bool();
    auto left = ends.asking->open("/", "{}");
    if (i % 3 == 0)
      ends.asking.reset();
  }
}

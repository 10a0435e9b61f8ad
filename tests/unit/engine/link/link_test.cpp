// Requests and answers over a link.
// SPDX-License-Identifier: MIT
#include "tests/hostile.hpp"
#include "tests/unit/engine/link/rig.hpp"

using namespace pgbraid;
using namespace pgbraid::test;

namespace {

void echo(link::exchange& asked) {
  auto body = asked.read_all(64 << 20);
  if (!body)
    return;
  (void)asked.respond(asked.head()).operator bool();
  (void)asked.write(as_bytes(*body)).operator bool();
  (void)asked.finish("{\"path\":\"" + asked.path() + "\"}").operator bool();
}

std::string read_some(link::call& from, size_t count) {
  std::string out(count, '\0');
  const auto got = from.read(std::as_writable_bytes(std::span(out)));
  REQUIRE(got);
  out.resize(*got);
  return out;
}

bool gone(const error& what) {
  return what.code == errc::protocol;
}

} // namespace

TEST_CASE("link: a question and its answer") {
  pair_of_ends ends(echo);
  const auto got = ends.asking->ask("/v1/echo", "{\"a\":\"\xc3\xa4\"}", "body");
  REQUIRE(got);
  CHECK(got->head == "{\"a\":\"\xc3\xa4\"}");
  CHECK(got->body == "body");
  CHECK(got->trailer == "{\"path\":\"/v1/echo\"}");
  CHECK_FALSE(ends.asking->failure());
}

TEST_CASE("link: no body, and a body larger than all windows") {
  pair_of_ends ends(echo);
  auto got = ends.asking->ask("/", "{}");
  REQUIRE(got);
  CHECK(got->body.empty());
  const auto much = pattern(20 << 20);
  got = ends.asking->ask("/", "{}", much);
  REQUIRE(got);
  CHECK((got->body == much));
  const auto limited = ends.asking->ask("/", "{}", much, 1 << 20);
  REQUIRE_FALSE(limited);
  CHECK(limited.failure().code == errc::protocol);
  CHECK(limited.failure().message.find("larger than 1048576 bytes") != std::string::npos);
  CHECK(ends.asking->ask("/", "{}"));
}

TEST_CASE("link: over pipes, with windows smaller than what is read at once") {
  std::array<int, 2> there{};
  std::array<int, 2> back{};
  REQUIRE(::pipe(there.data()) == 0);
  REQUIRE(::pipe(back.data()) == 0);
  auto small = client_settings();
  small.stream_window_bytes = 10000;
  small.link_window_bytes = 65535;
  small.out_bytes = 3000;
  answering serving(net::make_fd_transport(there[0], back[1]), small, echo);
  link::client_link asking(net::make_fd_transport(back[0], there[1]), small);
  const auto much = pattern(1 << 20);
  const auto got = asking.ask("/", "{}", much);
  REQUIRE(got);
  CHECK((got->body == much));
}

TEST_CASE("link: many streams at once keep apart") {
  pair_of_ends ends(echo);
  std::vector<std::thread> askers;
  std::atomic<int> right = 0;
  for (uint32_t i = 0; i < 40; ++i)
    askers.emplace_back([&, i] {
      for (uint32_t k = 0; k < 5; ++k) {
        const auto body = pattern(1 + (i * 37 + k) % 300000, i);
        const auto head = "{\"i\":" + std::to_string(i) + "}";
        const auto got = ends.asking->ask("/" + std::to_string(i), head, body);
        right += got && got->head == head && got->body == body &&
                 got->trailer == "{\"path\":\"/" + std::to_string(i) + "\"}";
      }
    });
  for (auto& t : askers)
    t.join();
  CHECK(right == 200);
}

TEST_CASE("link: more streams than the other end allows wait for their turn") {
  link::settings narrow;
  narrow.streams_max = 3;
  pair_of_ends ends(echo, client_settings(), narrow);
  REQUIRE(ends.asking->ask("/", "{}")); // its settings have come by now
  std::vector<std::thread> askers;
  std::atomic<int> right = 0;
  for (int i = 0; i < 20; ++i)
    askers.emplace_back([&] { right += ends.asking->ask("/", "{}", "x") ? 1 : 0; });
  for (auto& t : askers)
    t.join();
  CHECK(right == 20);

  std::vector<std::unique_ptr<link::call>> open;
  for (int i = 0; i < 3; ++i) {
    auto one = ends.asking->open("/", "{}");
    REQUIRE(one);
    open.push_back(std::move(*one));
  }
  const auto fourth = ends.asking->open("/", "{}", 50ms);
  REQUIRE_FALSE(fourth);
  CHECK(fourth.failure().message.find("allowed no more requests for 50 ms") != std::string::npos);
  open.pop_back();
  CHECK(ends.asking->open("/", "{}", 5s));
}

TEST_CASE("link: head and parts of the body come before the end of the answer") {
  std::atomic<bool> go_on = false;
  pair_of_ends ends([&](link::exchange& asked) {
    REQUIRE(asked.respond("{\"ready\":true}"));
    std::string in(5, '\0');
    const auto got = asked.read(std::as_writable_bytes(std::span(in)));
    CHECK((got && *got == 5 && in == "hello"));
    REQUIRE(asked.write(as_bytes("first")));
    while (!go_on)
      std::this_thread::sleep_for(1ms);
    REQUIRE(asked.write(as_bytes("second")));
    REQUIRE(asked.finish());
  });
  auto asked = ends.asking->open("/", "{}");
  REQUIRE(asked);
  auto& c = **asked;
  REQUIRE(c.head());
  CHECK(*c.head() == "{\"ready\":true}");
  CHECK_FALSE(c.readable(1));
  REQUIRE(c.write(as_bytes("hello")));
  CHECK(c.readable(5, 5s));
  CHECK_FALSE(c.readable(6));
  CHECK(read_some(c, 5) == "first");
  go_on = true;
  CHECK(c.readable(100, 5s)); // because the end comes first
  CHECK(read_some(c, 100) == "second");
  CHECK(read_some(c, 100).empty());
  REQUIRE(c.trailer());
  CHECK(*c.trailer() == "{}");
  // Further reads agree.
  CHECK(read_some(c, 1).empty());
}

TEST_CASE("link: errors keep code and hint, and say where they come from") {
  pair_of_ends ends([](link::exchange& asked) {
    if (asked.path() == "/late") {
      REQUIRE(asked.respond("{}"));
      REQUIRE(asked.write(as_bytes("some")));
    }
    if (asked.path() != "/silent")
      asked.fail({errc::file_missing, "there is no 'x'", "Make one."});
    asked.fail({errc::lock_acquire, "comes too late"});
  });
  for (const char* path : {"/early", "/late"}) {
    const auto got = ends.asking->ask(path, "{}");
    REQUIRE_FALSE(got);
    CHECK(got.failure().code == errc::file_missing);
    CHECK(got.failure().message == "raised from remote-0 ssh protocol on 'db1': there is no 'x'");
    CHECK(got.failure().hint == "Make one.");
  }
  auto early = ends.asking->open("/early", "{}");
  REQUIRE(early);
  REQUIRE_FALSE((*early)->head());
  CHECK((*early)->head().failure().code == errc::file_missing);
  std::array<std::byte, 3> room{};
  CHECK((*early)->read(room).failure().code == errc::file_missing);
  CHECK((*early)->trailer().failure().code == errc::file_missing);
  // A writer hears of it too, instead of writing on and on.
  const auto much = pattern(1 << 20);
  const auto refused = (*early)->write(as_bytes(much));
  REQUIRE_FALSE(refused);
  CHECK(refused.failure().code == errc::file_missing);
  CHECK_FALSE(ends.asking->failure());
}

TEST_CASE("link: a request that is dropped is answered all the same") {
  pair_of_ends ends([](link::exchange&) {});
  const auto got = ends.asking->ask("/", "{}", pattern(5 << 20));
  REQUIRE_FALSE(got);
  CHECK(got.failure().code == errc::unhandled);
}

TEST_CASE("link: what can be no header is refused here") {
  hostile("requests and answers between hosts", 5);
  pair_of_ends ends(echo);
  CHECK_FALSE(ends.asking->ask("/", "{\n}"));
  CHECK_FALSE(ends.asking->ask("/", std::string("{\0}", 3)));
  CHECK_FALSE(ends.asking->ask("", "{}"));
  CHECK_FALSE(ends.asking->ask("/a b", "{}"));
  CHECK_FALSE(ends.asking->ask("/", std::string(64 << 10, '1')));
  CHECK(ends.asking->ask("/", std::string(16 << 10, '1')));
  CHECK_FALSE(ends.asking->failure());
}

TEST_CASE("link: an answer that is no header becomes an error") {
  hostile("requests and answers between hosts", 2);
  pair_of_ends ends([](link::exchange& asked) {
    CHECK_FALSE(asked.respond("{\r\n}"));
    CHECK_FALSE(asked.finish(std::string(64 << 10, '1')));
  });
  const auto got = ends.asking->ask("/", "{}");
  REQUIRE_FALSE(got);
  CHECK(got.failure().code == errc::protocol);
}

TEST_CASE("link: a writer waits while the other end takes nothing, and little is kept") {
  std::atomic<size_t> written = 0;
  std::atomic<bool> full = false;
  pair_of_ends ends([&](link::exchange& asked) {
    const auto piece = pattern(64 << 10);
    for (int i = 0; i < 512; ++i) {
      full = !asked.writable(piece.size());
      if (!asked.write(as_bytes(piece)))
        return;
      full = false;
      written += piece.size();
    }
    (void)asked.finish().operator bool();
  });
  auto asked = ends.asking->open("/", "{}");
  REQUIRE(asked);
  REQUIRE((*asked)->end_write());
  REQUIRE((*asked)->head());
  while (!full)
    std::this_thread::sleep_for(1ms);
  std::this_thread::sleep_for(50ms);
  // The window here, what the writer may hold, and what is in flight.
  CHECK(written <= (size_t{2} << 20) + (size_t{2} << 20) + (size_t{1} << 20));
  CHECK((*asked)->readable(1 << 20));
  size_t total = 0;
  for (std::string in; !(in = read_some(**asked, 1 << 20)).empty();)
    total += in.size();
  CHECK(total == size_t{32} << 20);
}

TEST_CASE("link: lanes that look before they read do not block each other at the link's window") {
  auto tight = client_settings();
  tight.link_window_bytes = 1 << 20;
  tight.stream_window_bytes = 512 << 10;
  pair_of_ends ends(
      [](link::exchange& asked) {
        const auto all = pattern(2 << 20);
        (void)asked.write(as_bytes(all)).operator bool();
        (void)asked.finish().operator bool();
      },
      tight);
  std::vector<std::unique_ptr<link::call>> lanes;
  std::vector<size_t> taken(16);
  for (size_t i = 0; i < taken.size(); ++i) {
    auto one = ends.asking->open("/", "{}");
    REQUIRE(one);
    lanes.push_back(std::move(*one));
    REQUIRE(lanes.back()->end_write());
  }
  for (size_t open = lanes.size(); open > 0;)
    for (size_t i = 0; i < lanes.size(); ++i) {
      if (!lanes[i] || !lanes[i]->readable(256 << 10))
        continue;
      const auto in = read_some(*lanes[i], 256 << 10);
      taken[i] += in.size();
      if (in.empty()) {
        lanes[i].reset();
        --open;
      }
    }
  for (const auto count : taken)
    CHECK(count == size_t{2} << 20);
}

TEST_CASE("link: a call that is dropped cancels its request") {
  std::atomic<bool> noticed = false;
  std::atomic<bool> began = false;
  pair_of_ends ends([&](link::exchange& asked) {
    if (asked.path() == "/small")
      return echo(asked);
    const auto piece = pattern(1 << 20);
    began = true;
    while (asked.write(as_bytes(piece)))
      ;
    noticed = asked.cancelled();
    CHECK_FALSE(asked.finish());
  });
  {
    auto asked = ends.asking->open("/much", "{}");
    REQUIRE(asked);
    REQUIRE((*asked)->head());
  }
  while (!noticed)
    std::this_thread::sleep_for(1ms);
  CHECK(began);
  // What was thrown away does not count against the link's window.
  for (int i = 0; i < 30; ++i) {
    auto asked = ends.asking->open("/much", "{}");
    REQUIRE(asked);
    REQUIRE((*asked)->readable(1 << 20, 5s));
  }
  CHECK(ends.asking->ask("/small", "{}", pattern(4 << 20)));
}

TEST_CASE("link: a request can be answered before it was sent completely") {
  pair_of_ends ends([](link::exchange& asked) { REQUIRE(asked.finish("{\"enough\":1}")); });
  auto asked = ends.asking->open("/", "{}");
  REQUIRE(asked);
  const auto much = pattern(8 << 20);
  const auto sent = (*asked)->write(as_bytes(much));
  CHECK_FALSE(sent);
  REQUIRE((*asked)->trailer());
  CHECK(*(*asked)->trailer() == "{\"enough\":1}");
}

TEST_CASE("link: who takes no more requests still answers those under way") {
  std::atomic<bool> came = false;
  std::atomic<bool> go_on = false;
  pair_of_ends ends([&](link::exchange& asked) {
    came = true;
    while (!go_on)
      std::this_thread::sleep_for(1ms);
    REQUIRE(asked.finish("{\"done\":1}"));
  });
  auto asked = ends.asking->open("/", "{}");
  REQUIRE(asked);
  REQUIRE((*asked)->end_write());
  while (!came)
    std::this_thread::sleep_for(1ms);
  ends.serving->refuse_more();
  while (!ends.asking->failure())
    std::this_thread::sleep_for(1ms);
  CHECK(gone(*ends.asking->failure()));
  CHECK(ends.asking->failure()->message ==
        "ssh connection to 'db1': the other host takes no more requests");
  CHECK_FALSE(ends.asking->open("/", "{}"));
  go_on = true;
  REQUIRE((*asked)->trailer());
  CHECK(*(*asked)->trailer() == "{\"done\":1}");
}

TEST_CASE("link: who takes no more requests and has none ends well") {
  pair_of_ends ends([](link::exchange&) {});
  REQUIRE_FALSE(ends.asking->ask("/", "{}")); // both have begun
  ends.serving->refuse_more();
  while (!ends.serving->ended() || !ends.asking->failure())
    std::this_thread::sleep_for(1ms);
  CHECK(ends.serving->failure().value_or(error()).message == "");
  // Whether it was told, or is gone by now: nobody is accused.
  CHECK(ends.asking->failure()->message.find("PROTOCOL_ERROR") == std::string::npos);
}

TEST_CASE("link: the server hears when something changed") {
  const auto fds = socket_pair();
  std::atomic<int> news = 0;
  link::server_link serving(over_socket(fds[1]), {}, [&] { ++news; });
  auto asking = std::make_unique<link::client_link>(over_socket(fds[0]), client_settings());
  auto asked = asking->open("/", "{}");
  REQUIRE(asked);
  auto got = serving.next(5s);
  REQUIRE(got);
  while (news == 0)
    std::this_thread::sleep_for(1ms);
  REQUIRE_FALSE(got->readable(1000));
  const int before = news;
  const auto body = pattern(1000);
  REQUIRE((*asked)->write(as_bytes(body)));
  while (news == before)
    std::this_thread::sleep_for(1ms);
  CHECK(got->readable(1000));
  const auto much = pattern(2 << 20);
  REQUIRE(got->write(as_bytes(much)));
  REQUIRE(got->write(as_bytes(much)));
  CHECK_FALSE(got->writable(2 << 20));
  const int then = news;
  CHECK(read_some(**asked, 4 << 20).size() == size_t{4} << 20);
  while (news == then)
    std::this_thread::sleep_for(1ms);
  CHECK(got->writable(2 << 20, 5s));
  asked->reset();
  asking.reset();
  while (!serving.ended())
    std::this_thread::sleep_for(1ms);
  CHECK_FALSE(serving.failure());
  CHECK(got->cancelled());
  CHECK_FALSE(serving.next(0ms));
}

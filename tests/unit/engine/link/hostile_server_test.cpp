// An asking end and servers that mean it no good.
// SPDX-License-Identifier: MIT
#include "tests/hostile.hpp"
#include "tests/unit/engine/link/raw.hpp"

#include <random>

using namespace pgbraid;
using namespace pgbraid::test;

namespace {

link::settings cautious() {
  auto out = client_settings();
  out.head_bytes = 8 << 10;
  out.stream_window_bytes = 65535;
  out.link_window_bytes = 65535 * 4;
  out.ping_every = 200ms;
  out.silence_limit = 1s;
  return out;
}

const std::string welcome = raw::frame(raw::settings, 0, 0);

std::string answer(const raw::fields& all, uint8_t flags = raw::end_stream) {
  return raw::frame(raw::headers, flags | raw::end_headers, 1, raw::block(all));
}

const raw::fields good = {
    {":status", "200"}, {"pgbraid-head", "{}"}, {"pgbraid-trailer", "{\"x\":1}"}};

/// Asks a question that is answered with these bytes.
struct question {
  explicit question(const std::string& bytes, bool end = true,
                    std::array<int, 2> fds = socket_pair())
      : asking(over_socket(fds[0]), cautious()), peer(fds[1], raw::preface.size()) {
    std::thread asks([this] {
      if (auto got = asking.ask("/", "{}", {}, 1 << 20, 3s))
        answered = std::move(*got);
      else
        failed = got.failure();
    });
    CHECK(peer.gets(raw::headers, 1));
    peer.say(bytes);
    if (end)
      peer.end();
    asks.join();
  }
  /// It failed for reasons of protocol.
  std::string why() {
    REQUIRE(failed);
    CHECK(failed->code == errc::protocol);
    CHECK(failed->message.starts_with("ssh connection to 'db1': "));
    CHECK(failed->message.size() < 600);
    return failed->message;
  }
  link::client_link asking;
  raw_peer peer;
  std::optional<link::client_link::answer> answered;
  std::optional<error> failed;
};

} // namespace

TEST_CASE("hostile server: the raw peer itself is understood") {
  question q(welcome + answer({{":status", "100"}}, 0) + answer(good));
  REQUIRE(q.answered);
  CHECK(q.answered->trailer == "{\"x\":1}");
  question with_body(welcome + answer({{":status", "200"}, {"pgbraid-head", "{}"}}, 0) +
                     raw::frame(raw::data, 0, 1, "body") + answer({{"pgbraid-trailer", "{}"}}));
  REQUIRE(with_body.answered);
  CHECK(with_body.answered->body == "body");
}

TEST_CASE("hostile server: is no HTTP/2") {
  for (const auto& text :
       {std::string("HTTP/1.1 200 OK\r\n\r\n"), std::string(), std::string("Last login: today\n"),
        std::string(5000, '\0'), pattern(5000), raw::frame(raw::ping, 0, 0, "12345678")}) {
    hostile("output that is no protocol");
    question(text).why();
  }
}

TEST_CASE("hostile server: what it prints instead is shown") {
  hostile("output that is no protocol", 2);
  const question banner("Welcome to this host\nhave fun\n");
  REQUIRE(banner.failed);
  CHECK(banner.failed->message.find("Welcome to this host") != std::string::npos);
  CHECK(banner.failed->hint.find("login script") != std::string::npos);
  const question noise(std::string("\x1b[31m") + std::string(5000, '\x07'));
  REQUIRE(noise.failed);
  CHECK(noise.failed->message.find('\x1b') == std::string::npos);
  CHECK(noise.failed->message.size() < 2000);
}

TEST_CASE("hostile server: answers that are none") {
  const std::vector<std::pair<const char*, std::string>> bad = {
      {"no status", answer({{"pgbraid-head", "{}"}, {"pgbraid-trailer", "{}"}})},
      {"status 404", answer({{":status", "404"}})},
      {"status that is no number", answer({{":status", "abc"}})},
      {"status twice", answer({{":status", "200"}, {":status", "200"}})},
      {"no head", answer({{":status", "200"}, {"pgbraid-trailer", "{}"}})},
      {"no trailer", answer({{":status", "200"}, {"pgbraid-head", "{}"}})},
      {"head twice", answer({{":status", "200"}, {"pgbraid-head", "{}"}, {"pgbraid-head", "{}"}})},
      {"interim answer at the end", answer({{":status", "100"}})},
      {"switching protocols", answer({{":status", "101"}})},
      {"body before the head", raw::frame(raw::data, raw::end_stream, 1, "x")},
      {"end in the body", answer({{":status", "200"}, {"pgbraid-head", "{}"}}, 0) +
                              raw::frame(raw::data, raw::end_stream, 1, "x")},
      {"large trailer", answer({{":status", "200"}, {"pgbraid-head", "{}"}}, 0) +
                            answer({{"pgbraid-trailer", std::string(20000, 'x')}})},
      {"cut", answer({{":status", "200"}, {"pgbraid-head", "{}"}}, 0)},
      {"reset", raw::frame(raw::reset, 0, 1, raw::number(2))},
      {"reset without error", raw::frame(raw::reset, 0, 1, raw::number(0))},
      {"refused", raw::frame(raw::reset, 0, 1, raw::number(7))},
      {"goaway", raw::frame(raw::goaway, 0, 0, raw::number(0) + raw::number(0))},
      {"goaway with an error",
       raw::frame(raw::goaway, 0, 0, raw::number(0) + raw::number(11) + "\x1b[2J")},
      {"answer to another question", raw::frame(raw::headers, 5, 3, raw::block(good))},
      {"push",
       raw::frame(raw::push, raw::end_headers, 1, raw::number(2) + raw::block(raw::post()))},
      {"larger than the window",
       answer({{":status", "200"}, {"pgbraid-head", "{}"}}, 0) +
           raw::repeated(20, raw::frame(raw::data, 0, 1, std::string(200000, 'x')))},
      {"length that does not fit",
       answer({{":status", "200"}, {"pgbraid-head", "{}"}, {"content-length", "5"}}, 0) +
           raw::frame(raw::data, 0, 1, "x") + answer({{"pgbraid-trailer", "{}"}})}};
  for (const auto& [name, bytes] : bad) {
    hostile("frames between hosts");
    CAPTURE(name);
    question(welcome + bytes).why();
  }
}

TEST_CASE("hostile server: what it says in an error is made safe") {
  hostile("control characters and line feeds", 2);
  question q(welcome + answer({{":status", "200"},
                               {"pgbraid-error", "{\"code\":50,\"message\":\"\\u001b[2J\"}"}}));
  REQUIRE(q.failed);
  CHECK(q.failed->code == errc::lock_acquire);
  CHECK(q.failed->message == "raised from remote-0 ssh protocol on 'db1': \\x1b[2J");
  question none(welcome + answer({{":status", "200"}, {"pgbraid-error", "nonsense"}}));
  REQUIRE(none.failed);
  CHECK(none.failed->code == errc::protocol);
}

TEST_CASE("hostile server: allows no requests, or less and less") {
  hostile("frames between hosts");
  const auto fds = socket_pair();
  link::client_link asking(over_socket(fds[0]), cautious());
  raw_peer peer(fds[1], raw::preface.size());
  peer.say(raw::frame(raw::settings, 0, 0, std::string("\0\3", 2) + raw::number(0)));
  CHECK(peer.gets(raw::settings, 0));
  for (int i = 0; i < 50; ++i) {
    const auto got = asking.ask("/", "{}", {}, 10, 30ms);
    REQUIRE_FALSE(got);
    if (got.failure().message.find("allowed no more requests") != std::string::npos)
      return;
  }
  FAIL("the limit was never noticed");
}

TEST_CASE("hostile server: takes nothing, or a byte at a time") {
  hostile("frames between hosts");
  const auto fds = socket_pair();
  auto with = cautious();
  with.out_bytes = 100000;
  link::client_link asking(over_socket(fds[0]), with);
  raw_peer peer(fds[1], raw::preface.size());
  // No window at all, then one byte.
  peer.say(raw::frame(raw::settings, 0, 0, std::string("\0\4", 2) + raw::number(0)));
  auto asked = asking.open("/", "{}", 100ms);
  REQUIRE(asked);
  const auto much = pattern(1 << 20);
  const auto sent = (*asked)->write(as_bytes(much));
  REQUIRE_FALSE(sent);
  CHECK(sent.failure().message.find("longer than 100 ms") != std::string::npos);
}

TEST_CASE("hostile server: floods") {
  const std::vector<std::pair<const char*, std::string>> floods = {
      {"settings", raw::frame(raw::settings, 0, 0)},
      {"ping", raw::frame(raw::ping, 0, 0, "12345678")},
      {"interim answers", answer({{":status", "103"}}, 0)},
      {"window", raw::frame(raw::window, 0, 1, raw::number(1))},
      {"goaway", raw::frame(raw::goaway, 0, 0, raw::number(1) + raw::number(0))},
      {"unknown", raw::frame(99, 0, 0)}};
  for (const auto& [name, one] : floods) {
    hostile("frames between hosts");
    CAPTURE(name);
    question(welcome + raw::repeated(30000, one)).why();
  }
}

TEST_CASE("hostile server: random bytes after a proper beginning") {
  std::mt19937 from(4711);
  for (uint32_t i = 0; i < 100; ++i) {
    hostile("random damage and noise");
    auto noise =
        i % 3 == 0 ? welcome : welcome + answer({{":status", "200"}, {"pgbraid-head", "{}"}}, 0);
    for (int k = 0; k < 20; ++k)
      noise += i % 2 == 0
                   ? pattern(from() % 200, from())
                   : raw::frame(static_cast<uint8_t>(from() % 12), static_cast<uint8_t>(from()),
                                from() % 4, pattern(from() % 40, from()));
    const question q(noise);
    CHECK(q.failed);
  }
}

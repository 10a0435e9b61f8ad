// A serving end and clients that mean it no good, or know no better.
// SPDX-License-Identifier: MIT
#include "engine/link/frame_scanner.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/engine/link/raw.hpp"

#include <random>

using namespace pgbraid;
using namespace pgbraid::test;

namespace {

link::settings cautious() {
  link::settings out;
  out.streams_max = 8;
  out.stream_window_bytes = 65535;
  out.link_window_bytes = 65535 * 4;
  out.head_bytes = 8 << 10;
  out.ping_every = 200ms;
  out.silence_limit = 1s;
  return out;
}

/// A server that answers everything, and a peer that may say anything.
struct visit {
  explicit visit(link::settings with = cautious(), std::array<int, 2> fds = socket_pair())
      : server(over_socket(fds[1]), std::move(with),
               [this](link::exchange& asked) {
                 ++requests;
                 if (const auto body = asked.read_all(100 << 10))
                   (void)asked.finish().operator bool();
                 else
                   ++failed;
               }),
        peer(fds[0]) {}
  /// The server noticed, ended the connection and says why.
  std::string sent_away() {
    REQUIRE(peer.hangs_up());
    while (!server->ended())
      std::this_thread::sleep_for(1ms);
    REQUIRE(server->failure());
    CHECK(server->failure()->code == errc::protocol);
    return server->failure()->message;
  }
  /// The connection is as good as before.
  void still_serves(uint32_t id) {
    REQUIRE(peer.say(raw::request(id)));
    CHECK(peer.gets(raw::headers, id));
    CHECK_FALSE(server->failure());
  }
  std::atomic<int> requests = 0;
  std::atomic<int> failed = 0;
  answering server;
  raw_peer peer;
};

raw::fields without(const char* name) {
  auto all = raw::post();
  std::erase_if(all, [name](const auto& field) { return field.first == name; });
  return all;
}

raw::fields with(const char* name, const std::string& value) {
  auto all = raw::post();
  all.emplace_back(name, value);
  return all;
}

raw::fields method(const char* name) {
  auto all = without(":method");
  all.insert(all.begin(), {":method", name});
  return all;
}

} // namespace

TEST_CASE("hostile client: the raw peer itself is understood") {
  visit v;
  REQUIRE(v.peer.say(raw::hello() + raw::request(1)));
  CHECK(v.peer.gets(raw::headers, 1));
  CHECK(v.peer.heard().find("pgbraid-trailer") == std::string::npos); // Huffman coded
  v.still_serves(3);
  CHECK(v.requests == 2);
}

TEST_CASE("hostile client: what is no HTTP/2 is sent away") {
  for (const auto& text : {std::string("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
                           std::string("\x16\x03\x01\x02\x00\x01", 6), std::string(100, '\0'),
                           std::string("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n"), pattern(5000)}) {
    hostile("output that is no protocol");
    visit v;
    v.peer.say(text);
    CHECK(v.sent_away().find("HTTP/2") != std::string::npos);
  }
}

TEST_CASE("hostile client: who does not begin properly is sent away in time") {
  auto quick = cautious();
  quick.ping_every = 50ms;
  quick.silence_limit = 200ms;
  for (const auto& text : {std::string(), raw::preface.substr(0, 10), raw::preface}) {
    hostile("connections without certificate, rule or greeting");
    visit v(quick);
    v.peer.say(text);
    CHECK(v.sent_away().ends_with("200 ms"));
  }
  hostile("connections without certificate, rule or greeting");
  // Drop by drop: something always comes, yet it leads nowhere.
  visit v(quick);
  const auto until = std::chrono::steady_clock::now() + 10s;
  for (size_t i = 0; !v.peer.hangs_up(20ms) && std::chrono::steady_clock::now() < until; ++i)
    if (!v.peer.say(raw::preface.substr(i % raw::preface.size(), 1)))
      break;
  CHECK(v.sent_away() == "the other host did not begin to speak HTTP/2 within 200 ms");
}

TEST_CASE("hostile client: floods of frames that move nothing") {
  const std::vector<std::pair<const char*, std::string>> floods = {
      {"settings", raw::frame(raw::settings, 0, 0)},
      {"settings ack", raw::frame(raw::settings, raw::ack, 0)},
      {"ping", raw::frame(raw::ping, 0, 0, "12345678")},
      {"ping ack", raw::frame(raw::ping, raw::ack, 0, "12345678")},
      {"window", raw::frame(raw::window, 0, 1, raw::number(1))},
      {"priority", raw::frame(raw::priority, 0, 1, raw::number(0) + "x")},
      {"empty data", raw::frame(raw::data, 0, 1)},
      {"unknown", raw::frame(200, 0, 1, "x")},
      {"unknown, empty", raw::frame(200, 0, 0)},
      {"unknown, next after the known ones", raw::frame(10, 0, 1, "x")},
      {"padding", raw::frame(raw::data, raw::padded, 1, std::string(2, '\x01'))},
      {"reset", raw::frame(raw::reset, 0, 1, raw::number(8))}};
  for (const auto& [name, one] : floods) {
    hostile("frames between hosts");
    CAPTURE(name);
    visit v;
    REQUIRE(v.peer.say(raw::hello() + raw::request(1, raw::post(), 0)));
    for (int i = 0; i < 200 && v.peer.say(raw::repeated(1000, one)); ++i)
      ;
    v.sent_away();
  }
}

TEST_CASE("hostile client: bodies of streams that are closed move nothing") {
  for (const size_t bytes : {size_t{1}, size_t{1000}}) {
    hostile("frames between hosts");
    visit v;
    const auto gone = raw::frame(raw::reset, 0, 1, raw::number(8));
    REQUIRE(v.peer.say(raw::hello() + raw::request(1, raw::post(), 0) + gone));
    const auto one = raw::frame(raw::data, 0, 1, std::string(bytes, 'x'));
    for (int i = 0; i < 200 && v.peer.say(raw::repeated(1000, one)); ++i)
      ;
    v.sent_away();
  }
}

TEST_CASE("frame scanner: counts what ends, however it is cut") {
  const auto text = raw::preface + raw::frame(raw::settings, 0, 0) +
                    raw::frame(raw::data, 0, 1, std::string(300, 'x')) +
                    raw::frame(raw::data, 0, 1) + raw::frame(10, 0, 0, "y") + raw::frame(255, 0, 0);
  for (size_t piece = 1; piece <= text.size(); ++piece) {
    link::frame_scanner scanner(raw::preface.size());
    size_t data = 0;
    size_t unknown = 0;
    for (size_t at = 0; at < text.size(); at += piece) {
      const auto found = scanner.scan(as_bytes(std::string_view(text).substr(at, piece)));
      data += found.data;
      unknown += found.unknown;
    }
    CHECK(data == 2);
    CHECK(unknown == 2);
  }
}

TEST_CASE("hostile client: requests that are cancelled at once, and streams above the limit") {
  hostile("frames between hosts", 2);
  visit v;
  REQUIRE(v.peer.say(raw::hello()));
  uint32_t id = 1;
  for (int i = 0; i < 1000; ++i, id += 2)
    if (!v.peer.say(raw::request(id) + raw::frame(raw::reset, 0, id, raw::number(8))))
      break;
  for (int round = 0; round < 100; ++round) {
    std::string all;
    for (int i = 0; i < 1000; ++i, id += 2)
      all += raw::request(id, raw::post(), 0) + raw::frame(raw::reset, 0, id, raw::number(8));
    if (!v.peer.say(all))
      break;
  }
  v.sent_away();

  visit many;
  REQUIRE(many.peer.say(raw::hello() + raw::frame(raw::settings, raw::ack, 0)));
  std::string all;
  for (uint32_t k = 1; k < 2 * 40; k += 2)
    all += raw::request(k, raw::post(), 0);
  many.peer.say(all);
  many.sent_away();
  CHECK(many.requests <= 8);
}

TEST_CASE("hostile client: does not read what it asks for") {
  hostile("frames between hosts");
  visit v;
  const auto ask = raw::hello() + raw::repeated(5000, raw::frame(raw::ping, 0, 0, "12345678"));
  // Not through say(), which reads.
  const auto fds = socket_pair();
  answering server(over_socket(fds[1]), cautious(), [](link::exchange&) {});
  for (int i = 0; i < 1000 && !server->ended(); ++i)
    if (::send(fds[0], ask.data(), ask.size(), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
      std::this_thread::sleep_for(1ms);
  while (!server->ended())
    std::this_thread::sleep_for(1ms);
  CHECK(server->failure());
  ::close(fds[0]);
}

TEST_CASE("hostile client: lists of headers without end") {
  hostile("frames between hosts", 5);
  {
    visit v;
    v.peer.say(raw::hello() + raw::frame(raw::headers, 0, 1, raw::block(raw::post())));
    for (int i = 0; i < 100000; ++i)
      if (!v.peer.say(raw::frame(raw::continuation, 0, 1, raw::block({{"a", "b"}}))))
        break;
    v.sent_away();
  }
  {
    visit v;
    v.peer.say(raw::hello() + raw::frame(raw::headers, 0, 1, raw::block(raw::post())) +
               raw::repeated(1000, raw::frame(raw::continuation, 0, 1)));
    v.sent_away();
  }
  {
    // One large value, many small ones: the stream goes, the connection stays.
    visit v;
    REQUIRE(v.peer.say(raw::hello() + raw::request(1, with("x", std::string(15000, 'x')))));
    CHECK(v.peer.gets(raw::reset, 1));
    auto many = raw::post();
    for (int i = 0; i < 400; ++i)
      many.emplace_back("x", "y");
    REQUIRE(v.peer.say(raw::request(3, many)));
    CHECK(v.peer.gets(raw::reset, 3));
    v.still_serves(5);
    CHECK(v.requests == 1);
  }
  {
    // A small entry of HPACK's table, referred to again and again.
    visit v;
    const auto entry = "\x40" + raw::length(1) + "x" + raw::length(3000) + std::string(3000, 'x');
    REQUIRE(v.peer.say(raw::hello() +
                       raw::frame(raw::headers, raw::end_headers | raw::end_stream, 1,
                                  raw::block(raw::post()) + entry + std::string(10000, '\xbe'))));
    CHECK(v.peer.gets(raw::reset, 1));
    v.still_serves(3);
  }
}

TEST_CASE("hostile client: requests that are none") {
  visit v;
  REQUIRE(v.peer.say(raw::hello()));
  uint32_t id = 1;
  const std::vector<raw::fields> bad = {without(":method"),
                                        without(":path"),
                                        without(":scheme"),
                                        with(":path", "/twice"),
                                        with(":status", "200"),
                                        with("pgbraid-head", "{\"twice\":1}"),
                                        with("Upper", "x"),
                                        with("connection", "close"),
                                        with("x", "a\r\nb"),
                                        with("x", std::string("a\0b", 3)),
                                        with("content-length", "abc"),
                                        with("content-length", "5"),
                                        {}};
  for (const auto& all : bad) {
    hostile("frames between hosts");
    REQUIRE(v.peer.say(raw::request(id, all)));
    CAPTURE(id);
    CHECK(v.peer.gets(raw::reset, id));
    id += 2;
  }
  // Nothing of them is kept.
  for (int i = 0; i < 100; ++i, id += 2)
    REQUIRE(v.peer.say(raw::request(id, bad.front())));
  CHECK(v.peer.gets(raw::reset, id - 2));
  CHECK(v.requests == 0);
  v.still_serves(id);
}

TEST_CASE("hostile client: other methods, and no head, are answered as HTTP does") {
  visit v;
  REQUIRE(v.peer.say(raw::hello()));
  uint32_t id = 1;
  for (const auto& all : {method("GET"), method("HEAD"), method("PUT"), method("DELETE"),
                          method("BREW"), without("pgbraid-head")}) {
    hostile("frames between hosts");
    REQUIRE(v.peer.say(raw::request(id, all)));
    CHECK(v.peer.gets(raw::headers, id));
    id += 2;
  }
  CHECK(v.requests == 0);
  v.still_serves(id);
}

TEST_CASE("hostile client: bodies larger than wanted or than any window") {
  hostile("frames between hosts", 2);
  {
    visit v;
    REQUIRE(v.peer.say(raw::hello() + raw::request(1, raw::post(), 0)));
    for (int i = 0; i < 4; ++i)
      REQUIRE(v.peer.say(raw::frame(raw::data, 0, 1, std::string(16000, 'x'))));
    v.peer.say(raw::repeated(100, raw::frame(raw::data, 0, 1, std::string(16000, 'x'))));
    while (v.failed == 0 && !v.server->ended())
      std::this_thread::sleep_for(1ms);
  }
  {
    // Nobody reads; the window is all that it can fill.
    const auto fds = socket_pair();
    link::server_link server(over_socket(fds[1]), cautious());
    raw_peer peer(fds[0]);
    REQUIRE(peer.say(raw::hello() + raw::request(1, raw::post(), 0)));
    peer.say(raw::repeated(20, raw::frame(raw::data, 0, 1, std::string(16000, 'x'))));
    CHECK((peer.gets(raw::reset, 1) || peer.hangs_up()));
  }
}

TEST_CASE("hostile client: frames in the wrong place") {
  const std::vector<std::pair<const char*, std::string>> wrong = {
      {"data without stream", raw::frame(raw::data, 0, 1, "x")},
      {"data on 0", raw::frame(raw::data, 0, 0, "x")},
      {"headers on 0", raw::request(0)},
      {"headers on an even stream", raw::request(2)},
      {"headers that go back", raw::request(5) + raw::request(3)},
      {"continuation alone", raw::frame(raw::continuation, raw::end_headers, 1, "x")},
      {"frame between headers", raw::frame(raw::headers, 0, 1, raw::block(raw::post())) +
                                    raw::frame(raw::ping, 0, 0, "12345678")},
      {"push", raw::frame(raw::push, raw::end_headers, 1, raw::number(2))},
      {"short ping", raw::frame(raw::ping, 0, 0, "1234")},
      {"ping on a stream", raw::frame(raw::ping, 0, 1, "12345678")},
      {"odd settings", raw::frame(raw::settings, 0, 0, "12345")},
      {"settings on a stream", raw::frame(raw::settings, 0, 1)},
      {"frame size of 5", raw::frame(raw::settings, 0, 0, std::string("\0\5", 2) + raw::number(5))},
      {"window of 2^31",
       raw::frame(raw::settings, 0, 0, std::string("\0\4", 2) + raw::number(1u << 31))},
      {"window overflow", raw::frame(raw::window, 0, 0, raw::number(0x7fffffff))},
      {"window of nothing", raw::frame(raw::window, 0, 0, raw::number(0))},
      {"window of an idle stream", raw::frame(raw::window, 0, 7, raw::number(1))},
      {"reset of an idle stream", raw::frame(raw::reset, 0, 7, raw::number(1))},
      {"too large", raw::frame(raw::data, 0, 1, std::string(300 << 10, 'x'))},
      {"bad compression",
       raw::frame(raw::headers, raw::end_headers, 1, "\xff\xff\xff\xff\xff\xff")},
      {"goaway with an error", raw::frame(raw::goaway, 0, 0, raw::number(0) + raw::number(2))}};
  for (const auto& [name, bytes] : wrong) {
    hostile("frames between hosts");
    CAPTURE(name);
    visit v;
    v.peer.say(raw::hello() + bytes);
    v.peer.end();
    v.sent_away();
  }
}

TEST_CASE("hostile client: half-closed and late frames") {
  hostile("frames between hosts", 3);
  visit v;
  REQUIRE(v.peer.say(raw::hello() + raw::request(1)));
  CHECK(v.peer.gets(raw::headers, 1));
  // Late ones on a stream that has ended are no reason to stop serving others, or they are: both
  // are allowed, neither may crash.
  v.peer.say(raw::frame(raw::window, 0, 1, raw::number(10)) +
             raw::frame(raw::reset, 0, 1, raw::number(8)));
  v.still_serves(3);
  v.peer.say(raw::frame(raw::data, raw::end_stream, 3, "late") + raw::request(3));
  v.peer.say(raw::request(5));
  v.peer.end();
  CHECK(v.peer.hangs_up());
}

TEST_CASE("hostile client: trailers of a request") {
  hostile("frames between hosts");
  visit v;
  REQUIRE(v.peer.say(
      raw::hello() + raw::request(1, raw::post(), 0) + raw::frame(raw::data, 0, 1, "body") +
      raw::frame(raw::headers, raw::end_headers | raw::end_stream, 1, raw::block({{"x", "y"}}))));
  CHECK(v.peer.gets(raw::headers, 1));
  // A second list that does not end the stream is no trailer.
  REQUIRE(v.peer.say(raw::request(3, raw::post(), 0) +
                     raw::frame(raw::headers, raw::end_headers, 3, raw::block({{"x", "y"}}))));
  CHECK((v.peer.gets(raw::reset, 3) || v.peer.hangs_up()));
}

TEST_CASE("hostile client: random bytes after a proper beginning") {
  std::mt19937 from(20261122);
  for (uint32_t i = 0; i < 150; ++i) {
    hostile("random damage and noise");
    visit v;
    v.peer.say(i % 3 == 0 ? raw::preface
                          : raw::hello() + (i % 3 == 1 ? raw::request(1, raw::post(), 0) : ""));
    std::string noise;
    for (int k = 0; k < 20; ++k)
      noise += i % 2 == 0
                   ? pattern(from() % 200, from())
                   : raw::frame(static_cast<uint8_t>(from() % 12), static_cast<uint8_t>(from()),
                                from() % 8, pattern(from() % 40, from()));
    v.peer.say(noise);
    v.peer.end();
    REQUIRE(v.peer.hangs_up());
  }
}

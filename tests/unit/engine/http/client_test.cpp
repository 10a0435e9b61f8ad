// Requests over real connections, to servers that behave and to those that do not.
// SPDX-License-Identifier: MIT
#include "engine/http/client.hpp"
#include "tests/unit/engine/http/scripted_server.hpp"

#include <cstdlib>

using namespace pgbraid;
using namespace pgbraid::http;
using namespace pgbraid::test;
using namespace std::chrono_literals;

namespace {

/// Far more than anything here takes.
constexpr client_settings patient = {.limit = 60s};
constexpr client_settings hasty = {.limit = 300ms};

response get(client& over, std::string url, uint64_t limit_bytes = 1 << 20) {
  return over.send({.method = "GET", .url = std::move(url), .answer_limit_bytes = limit_bytes})
      .take();
}

scripted_server::script always(scripted_answer one) {
  return [one](const seen_request&, size_t) { return one; };
}

shared_body body_of(std::string_view text) {
  const auto bytes = as_bytes(text);
  return std::make_shared<const std::vector<std::byte>>(bytes.begin(), bytes.end());
}

} // namespace

TEST_CASE("http: status, headers and body of an answer, over one connection") {
  scripted_server server(
      always({http_answer("206 Partial Content", "body", "ETag: \"x\"\r\nX-Two:  a b \r\n")}));
  client over(patient);
  for (int i = 0; i < 3; ++i) {
    const auto answer = get(over, server.url("/a%20b?c=d"));
    CHECK_FALSE(answer.broken);
    CHECK(answer.status == 206);
    CHECK(as_text(answer.body) == "body");
    CHECK(answer.find("etag") == "\"x\"");
    CHECK(answer.find("x-two") == "a b");
    CHECK(answer.find("none").empty());
  }
  CHECK(server.connections() == 1);
  CHECK(server.seen()[0].first_line() == "GET /a%20b?c=d HTTP/1.1");
}

TEST_CASE("http: only the headers that were asked for are sent, and the body as it is") {
  scripted_server server(always({http_answer("200 OK")}));
  client over(patient);
  for (const auto* method : {"PUT", "POST", "DELETE"}) {
    const auto answer = over.send({.method = method,
                                   .url = server.url("/k"),
                                   .headers = {{"host", "bucket.test"}, {"x-amz-date", "now"}},
                                   .body = body_of("some content")})
                            .take();
    CHECK(answer.status == 200);
    const auto seen = server.seen().back();
    CHECK(seen.first_line() == std::string(method) + " /k HTTP/1.1");
    CHECK(seen.body == "some content");
    CHECK(seen.header("host") == "bucket.test");
    for (const auto* none : {"Expect", "Content-Type", "Accept", "Transfer-Encoding"})
      CHECK(seen.header(none).empty());
  }
  over.send({.method = "POST", .url = server.url(), .body = body_of("")}).take();
  CHECK(server.seen().back().header("Content-Length") == "0");
}

TEST_CASE("http: a proxy of the environment is asked, or not") {
  scripted_server proxy(always({http_answer("200 OK", "of the proxy")}));
  scripted_server server(always({http_answer("200 OK", "of the server")}));
  ::unsetenv("no_proxy");
  ::unsetenv("NO_PROXY");
  ::setenv("http_proxy", proxy.url().c_str(), 1);
  auto how = patient;
  client through(how);
  how.proxies = false;
  client past(how);
  CHECK(as_text(get(through, server.url()).body) == "of the proxy");
  CHECK(as_text(get(past, server.url()).body) == "of the server");
  ::unsetenv("http_proxy");
}

TEST_CASE("http: a HEAD has the length of what it is about, and no body") {
  scripted_server server(always({"HTTP/1.1 200 OK\r\nContent-Length: 123456\r\n\r\n"}));
  client over(patient);
  const auto answer = over.send({.method = "HEAD", .url = server.url()}).take();
  CHECK_FALSE(answer.broken);
  CHECK(answer.find("content-length") == "123456");
  CHECK(answer.body.empty());
}

TEST_CASE("http: many at once, as many as may be") {
  scripted_server server(always({.bytes = http_answer("200 OK", "x"), .wait = 10ms}));
  auto how = patient;
  how.connections = 4;
  client over(how);
  std::vector<exchange> under_way;
  for (int i = 0; i < 40; ++i)
    under_way.push_back(over.send({.method = "GET", .url = server.url()}));
  for (auto& one : under_way)
    CHECK(one.take().status == 200);
  CHECK(server.at_once_most() <= 4);
  CHECK(server.at_once_most() > 1);
  CHECK(server.connections() <= 4);
}

TEST_CASE("http: a redirect is an answer like others") {
  scripted_server server(
      always({http_answer("302 Found", "", "Location: http://127.0.0.1:1/elsewhere\r\n")}));
  client over(patient);
  CHECK(get(over, server.url()).status == 302);
  CHECK(server.seen().size() == 1);
}

TEST_CASE("http: a part of something is had as it comes, anything else as a whole") {
  const auto body = [] {
    std::string out;
    for (int i = 0; out.size() < 3 * some_bytes + 5; ++i)
      out += std::to_string(i);
    return out;
  }();
  client over(patient);
  const auto asked = [&](const scripted_server& server, std::string& all) {
    auto one =
        over.send({.method = "GET", .url = server.url(), .answer_limit_bytes = uint64_t{4} << 20});
    size_t times = 0;
    while (true) {
      const auto some = one.take_some(60s);
      if (some.body.empty())
        break;
      CHECK(some.status == 206);
      CHECK(some.find("etag") == "\"t\"");
      all += as_text(some.body);
      ++times;
    }
    // It stays what it was when it is looked at once more.
    CHECK(one.take_some(60s).body.empty());
    auto rest = one.take();
    CHECK_FALSE(rest.body.empty());
    all += as_text(rest.body);
    return std::pair(times, std::move(rest));
  };
  const auto whole = http_answer("206 Partial Content", body, "ETag: \"t\"\r\n");
  SUBCASE("it comes whole") {
    // The end waits until somebody takes what was before it.
    scripted_server server(always({.bytes = whole, .drip = 2ms, .at_once = whole.size() - 100}));
    std::string all;
    const auto [times, rest] = asked(server, all);
    CHECK(times > 0);
    CHECK(all == body);
    CHECK_FALSE(rest.broken);
    CHECK(rest.status == 206);
  }
  SUBCASE("it is cut, wherever") {
    for (const size_t missing : {size_t{1}, some_bytes, 2 * some_bytes, body.size() - 1}) {
      CAPTURE(missing);
      scripted_server server(
          always({.bytes = whole.substr(0, whole.size() - missing), .hangs_up = true}));
      std::string all;
      const auto [times, rest] = asked(server, all);
      CHECK(all == body.substr(0, body.size() - missing));
      REQUIRE(rest.broken);
      CHECK(rest.broken->transient);
    }
  }
  SUBCASE("nobody takes what was handed out") {
    scripted_server server(always({.bytes = whole, .drip = 1ms, .at_once = whole.size() - 50}));
    auto one =
        over.send({.method = "GET", .url = server.url(), .answer_limit_bytes = uint64_t{4} << 20});
    CHECK(one.take_some(0ms).body.size() <= body.size());
    CHECK(one.ends_within(60s));
    auto rest = one.take();
    CHECK_FALSE(rest.broken);
    CHECK(rest.body.size() <= body.size());
    CHECK(body.ends_with(as_text(rest.body)));
  }
  SUBCASE("others") {
    scripted_server server(always({http_answer("200 OK", body)}));
    std::string all;
    CHECK(asked(server, all).first == 0);
    CHECK(all == body);
  }
  SUBCASE("it is longer than it may be") {
    scripted_server server(always({whole}));
    auto one =
        over.send({.method = "GET", .url = server.url(), .answer_limit_bytes = 2 * some_bytes});
    size_t taken = 0;
    while (const auto some = one.take_some(60s).body.size())
      taken += some;
    const auto rest = one.take();
    CHECK(taken + rest.body.size() <= 2 * some_bytes);
    REQUIRE(rest.broken);
    CHECK(rest.broken->code == errc::protocol);
  }
}

TEST_CASE("http: what breaks on the way") {
  SUBCASE("nobody listens") {
    uint16_t port = 0;
    {
      scripted_server gone(always({}));
      port = gone.port;
    }
    client over(patient);
    const auto answer = get(over, "http://127.0.0.1:" + std::to_string(port));
    REQUIRE(answer.broken);
    CHECK(answer.broken->code == errc::host_connect);
    CHECK(answer.broken->transient);
  }
  SUBCASE("no such scheme") {
    client over(patient);
    const auto answer = get(over, "file:///etc/passwd");
    REQUIRE(answer.broken);
    CHECK(answer.broken->code == errc::option_invalid_value);
    CHECK(answer.body.empty());
  }
  SUBCASE("the body is cut") {
    const auto whole = http_answer("200 OK", "0123456789");
    scripted_server server(always({.bytes = whole.substr(0, whole.size() - 4), .hangs_up = true}));
    client over(patient);
    const auto answer = get(over, server.url());
    REQUIRE(answer.broken);
    CHECK(answer.broken->code == errc::file_read);
    CHECK(answer.broken->transient);
    CHECK(as_text(answer.body) == "012345");
  }
  SUBCASE("the head is cut, wherever") {
    const auto whole = http_answer("200 OK", "0123456789", "ETag: \"t\"\r\n");
    const auto head = whole.find("\r\n\r\n") + 4;
    for (size_t length = 0; length < head; ++length) {
      CAPTURE(length);
      scripted_server server(always({.bytes = whole.substr(0, length), .hangs_up = true}));
      client over(patient);
      const auto answer = get(over, server.url());
      REQUIRE(answer.broken);
      CHECK(answer.broken->transient);
    }
  }
  SUBCASE("it falls silent") {
    scripted_server server(always({.bytes = http_answer("200 OK"), .wait = 60s}));
    client over(hasty);
    const auto answer = get(over, server.url());
    REQUIRE(answer.broken);
    CHECK(answer.broken->code == errc::file_read);
    CHECK(answer.broken->message.find("timeout after 300ms") != std::string::npos);
  }
  SUBCASE("it never quite falls silent") {
    scripted_server server(always(
        {.bytes = http_answer("200 OK", std::string(5000, 'x')), .drip = 50ms, .at_once = 60}));
    client over(hasty);
    const auto answer = get(over, server.url(), 6000);
    REQUIRE(answer.broken);
    CHECK(answer.broken->transient);
    CHECK(answer.broken->message.find("slower than") != std::string::npos);
  }
  SUBCASE("it never quite falls silent, and might have much more") {
    scripted_server server(always(
        {.bytes = http_answer("200 OK", std::string(50000, 'x')), .drip = 50ms, .at_once = 60}));
    client over(hasty);
    const auto answer = get(over, server.url(), uint64_t{1} << 30);
    REQUIRE(answer.broken);
    CHECK(answer.broken->transient);
    CHECK(answer.broken->message.find("slower than") != std::string::npos);
    CHECK(answer.body.size() < 50000);
  }
  SUBCASE("it is no HTTP") {
    scripted_server server(always({.bytes = "SSH-2.0-OpenSSH_9.2\r\n", .hangs_up = true}));
    client over(patient);
    const auto answer = get(over, server.url());
    REQUIRE(answer.broken);
    CHECK(answer.broken->code == errc::protocol);
    CHECK(answer.broken->transient); // something else may sit in between for a moment
  }
}

TEST_CASE("http: an answer has its limits") {
  client over(patient);
  SUBCASE("the body") {
    scripted_server server(always({http_answer("200 OK", std::string(2000, 'x'))}));
    CHECK_FALSE(get(over, server.url(), 2000).broken);
    const auto answer = get(over, server.url(), 1999);
    REQUIRE(answer.broken);
    CHECK(answer.broken->code == errc::protocol);
    CHECK_FALSE(answer.broken->transient);
  }
  SUBCASE("the headers") {
    std::string many;
    for (int i = 0; i < 5000; ++i)
      many += "X-Some-" + std::to_string(i) + ": " + std::string(50, 'x') + "\r\n";
    scripted_server server(always({http_answer("200 OK", "", many)}));
    const auto answer = get(over, server.url());
    REQUIRE(answer.broken);
    CHECK_FALSE(answer.broken->transient);
    CHECK(answer.headers.size() < 5000);
  }
}

TEST_CASE("http: what nobody waits for any more is broken off") {
  scripted_server server(always({.bytes = http_answer("200 OK"), .wait = 60s}));
  auto how = patient;
  how.connections = 1;
  client over(how);
  { const auto forgotten = over.send({.method = "GET", .url = server.url()}); }
  // Its turn would never come otherwise.
  scripted_server other(always({http_answer("200 OK")}));
  CHECK(get(over, other.url()).status == 200);
}

TEST_CASE("http: a client that goes ends what it has under way") {
  scripted_server server(always({.bytes = http_answer("200 OK"), .wait = 60s}));
  exchange one;
  exchange never;
  {
    auto how = patient;
    how.connections = 1;
    client over(how);
    one = over.send({.method = "GET", .url = server.url()});
    never = over.send({.method = "GET", .url = server.url()});
  }
  CHECK(one.has_ended());
  CHECK(one.take().broken);
  CHECK(never.take().broken);
}

TEST_CASE("http: who waits for a while is told whether the end came") {
  std::atomic<bool> let_go{false};
  scripted_server server([&](const seen_request& what, size_t) {
    while (what.first_line().starts_with("GET /slow") && !let_go)
      std::this_thread::sleep_for(1ms);
    return scripted_answer{http_answer("200 OK", "body")};
  });
  client over(patient);
  auto slow = over.send({.method = "GET", .url = server.url("/slow")});
  auto quick = over.send({.method = "GET", .url = server.url("/quick")});
  CHECK(quick.ends_within(60s));
  CHECK_FALSE(slow.ends_within(20ms));
  let_go = true;
  CHECK(slow.ends_within(60s));
  CHECK(as_text(slow.take().body) == "body");
  CHECK(as_text(quick.take().body) == "body");
}

// Which answers lead to another try, when, and when no more.
// SPDX-License-Identifier: MIT
#include "engine/http/http_time.hpp"
#include "engine/http/tried_request.hpp"
#include "tests/unit/engine/http/scripted_server.hpp"

using namespace pgbraid;
using namespace pgbraid::http;
using namespace pgbraid::test;
using namespace std::chrono_literals;

namespace {

struct rig {
  explicit rig(scripted_server::script answers) : server(std::move(answers)) {}
  scripted_server server;
  std::shared_ptr<client> over = std::make_shared<client>(client_settings{.limit = 60s});

  tried_request request(std::chrono::milliseconds limit = 60s) {
    return {over,
            [this]() -> result<http::request> {
              return http::request{.method = "GET", .url = server.url("/k?sig=secret")};
            },
            limit};
  }
};

scripted_server::script in_turn(std::vector<scripted_answer> answers) {
  return [answers](const seen_request&, size_t number) {
    return answers[std::min(number, answers.size() - 1)];
  };
}

} // namespace

TEST_CASE("tried request: who is busy is asked again") {
  for (const auto* status : {"408 x", "429 x", "499 x", "500 x", "503 x", "599 x"}) {
    CAPTURE(status);
    rig on(in_turn(
        {{http_answer(status)}, {http_answer(status)}, {http_answer("200 OK", "at last")}}));
    auto one = on.request();
    const auto answer = one.wait();
    REQUIRE(answer);
    CHECK(as_text(answer->body) == "at last");
    CHECK(one.sent() == 3);
  }
}

TEST_CASE("tried request: other answers are final") {
  for (const auto* status :
       {"200 OK", "206 x", "301 x", "304 x", "400 x", "403 x", "404 x", "412 x"}) {
    CAPTURE(status);
    rig on(in_turn({{http_answer(status)}, {http_answer("200 OK", "never")}}));
    auto one = on.request();
    const auto answer = one.wait();
    REQUIRE(answer);
    CHECK(std::to_string(answer->status) == std::string(status).substr(0, 3));
    CHECK(one.sent() == 1);
  }
}

TEST_CASE("tried request: a connection that breaks is made again") {
  rig on(in_turn({{.bytes = "", .hangs_up = true},
                  {.bytes = http_answer("200 OK", "0123456789").substr(0, 45), .hangs_up = true},
                  {http_answer("200 OK", "whole")}}));
  auto one = on.request();
  const auto answer = one.wait();
  REQUIRE(answer);
  CHECK(as_text(answer->body) == "whole");
}

TEST_CASE("tried request: it ends, and tells the last failure") {
  SUBCASE("busy") {
    rig on(in_turn({{http_answer("503 Slow Down", "<Error>SlowDown</Error>")}}));
    auto one = on.request(400ms);
    const auto answer = one.wait();
    REQUIRE_FALSE(answer);
    CHECK(answer.failure().code == errc::service);
    CHECK(
        answer.failure().message.starts_with("HTTP request failed with 503 (Service Unavailable)"));
    CHECK(answer.failure().message.find("SlowDown") != std::string::npos);
    CHECK(answer.failure().message.find("secret") == std::string::npos);
    CHECK(answer.failure().message.find("tries]") != std::string::npos);
    CHECK(one.sent() > 1);
  }
  SUBCASE("away") {
    rig on(in_turn({{.bytes = "", .hangs_up = true}}));
    const auto answer = on.request(400ms).wait();
    REQUIRE_FALSE(answer);
    CHECK(answer.failure().code == errc::file_read);
  }
  SUBCASE("it cannot be made") {
    auto over = std::make_shared<client>(client_settings{});
    tried_request one(
        over,
        []() -> result<request> {
          return error{errc::crypto, "no key"};
        },
        60s);
    CHECK(one.has_come());
    const auto answer = one.wait();
    REQUIRE_FALSE(answer);
    CHECK(answer.failure().message == "no key");
  }
}

TEST_CASE("tried request: it comes again when the other end says, or not at all") {
  SUBCASE("in time") {
    rig on(in_turn({{http_answer("503 x", "", "Retry-After: 1\r\n")}, {http_answer("200 OK")}}));
    const auto begun = monotonic::now();
    REQUIRE(on.request().wait());
    CHECK(monotonic::now() - begun >= 1s);
  }
  SUBCASE("too late") {
    rig on(in_turn({{http_answer("503 x", "", "Retry-After: 3600\r\n")}, {http_answer("200 OK")}}));
    auto one = on.request();
    const auto answer = one.wait();
    REQUIRE_FALSE(answer);
    CHECK(answer.failure().message.find("3600s") != std::string::npos);
    CHECK(one.sent() == 1);
  }
  SUBCASE("in words that are not understood") {
    for (const auto* text : {"", "soon", "-1", "1.5", "99999999999999"})
      CHECK_FALSE(retry_after({.headers = {{"retry-after", text}}}));
    CHECK(retry_after({.headers = {{"retry-after", "7"}}}) == std::chrono::seconds(7));
  }
  SUBCASE("at a time, by its own clock or by ours") {
    const auto wait = [](int64_t at_s, const std::string& date) {
      return retry_after({.headers = {{"retry-after", time_text(at_s)}, {"date", date}}});
    };
    CHECK(wait(1767323045, time_text(1767323000)) == 45s);
    CHECK(wait(1767323045, time_text(1767323100)) == 0s);
    CHECK(wait(wall_s() - 10, "") == 0s);
    CHECK(retry_after({.headers = {{"retry-after", "Fri, 31 Dec 9999 23:59:59 GMT"}}}) ==
          std::chrono::seconds(UINT32_MAX));
    CHECK(wait(wall_s() + 1000, "") >= 900s);
  }
}

TEST_CASE("tried request: what came before a break is kept, and begins the time anew") {
  rig on(in_turn({{.bytes = http_answer("200 OK", "0123456789").substr(0, 45), .hangs_up = true},
                  {http_answer("200 OK", "rest")}}));
  std::string kept;
  tried_request one(
      on.over,
      [&]() -> result<request> {
        return request{.method = "GET",
                       .url = on.server.url("/from" + std::to_string(kept.size()))};
      },
      60s,
      [&](response& broken) {
        kept += as_text(broken.body);
        return true;
      });
  REQUIRE(one.wait());
  CHECK(kept == std::string("0123456789").substr(0, kept.size()));
  CHECK_FALSE(kept.empty());
  CHECK(on.server.seen().back().first_line() ==
        "GET /from" + std::to_string(kept.size()) + " HTTP/1.1");
}

TEST_CASE("tried request: who refuses a request may tell it") {
  for (const auto* told : {"no:\nGET /c?sv=1&sig=hidden", "no:\nPUT /o?upload_id=hidden",
                           "no:\nAuthorization: Bearer hidden", "no:\nx-amz-security-token:hidden",
                           "no:\n{\"auth\": \"Bearer hidden\"}"}) {
    const auto text =
        failure_of({.method = "GET", .url = "https://x"}, {.status = 403}, told).message;
    CHECK(text.find("no:") != std::string::npos);
    CHECK(text.find("hidden") == std::string::npos);
    CHECK(text.ends_with("<redacted>"));
  }
  const auto fine =
      failure_of({.method = "GET", .url = "https://x"}, {.status = 400},
                 "AuthorizationHeaderMalformed: The authorization header is malformed");
  CHECK(fine.message.ends_with("header is malformed"));
}

TEST_CASE("tried request: what an error tells of a query") {
  const auto told = [](const std::string& query) {
    return failure_of({.method = "PUT", .url = "https://x/o?" + query}, {.status = 503}, "")
        .message;
  };
  CHECK(told("partNumber=1").find("PUT https://x/o?partNumber=1") != std::string::npos);
  for (const auto* query : {"a=b&sig=hidden", "uploadType=resumable&upload_id=hidden"}) {
    CHECK(told(query).find("hidden") == std::string::npos);
    CHECK(told(query).find("<redacted>") != std::string::npos);
  }
}

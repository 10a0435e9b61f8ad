// Messages of the resident archiver: whole, in pieces, and what nobody sends.
// SPDX-License-Identifier: MIT
#include "engine/format/archiver_message.hpp"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::format;

namespace {

/// A message with this length in front, whatever it holds.
std::string framed(const std::string& body, size_t length) {
  std::string out;
  for (const int shift : {24, 16, 8, 0})
    out.push_back(static_cast<char>((length >> shift) & 0xff));
  return out + body;
}

std::string framed(const std::string& body) {
  return framed(body, body.size());
}

std::string zeros(std::string text) {
  for (auto& one : text)
    if (one == '|')
      one = '\0';
  return text;
}

} // namespace

TEST_CASE("archiver message: what is sent is what is understood") {
  for (const archiver_request& one :
       std::vector<archiver_request>{archiver_greeting{}, archiver_push{"/data/pg_wal", "0000"}}) {
    auto sent = render(one);
    const auto got = take_archiver_request(sent);
    REQUIRE((got && *got));
    CHECK(**got == one);
    CHECK(sent.empty());
  }
  for (const archiver_answer& one : std::vector<archiver_answer>{
           archiver_hello{"0.1.0", 4711}, archiver_wait{}, archiver_done{},
           archiver_done{104, "a\nb"}, archiver_elsewhere{"stops"}, archiver_elsewhere{}}) {
    auto sent = render(one);
    const auto got = take_archiver_answer(sent);
    REQUIRE((got && *got));
    CHECK(**got == one);
    CHECK(sent.empty());
  }
}

TEST_CASE("archiver message: the bytes are those that other programs send") {
  CHECK(render(archiver_request(archiver_greeting{})) == framed(zeros("hello|1|")));
  CHECK(render(archiver_request(archiver_push{"/d", "w"})) == framed(zeros("push|1|/d|w|")));
  CHECK(render(archiver_answer(archiver_wait{})) == framed(zeros("wait|")));
  CHECK(render(archiver_answer(archiver_done{0, ""})) == framed(zeros("done|0||")));
}

TEST_CASE("archiver message: it may come byte by byte, and the next one right behind it") {
  const auto first = render(archiver_request(archiver_push{"/d", "first"}));
  const auto all = first + render(archiver_request(archiver_greeting{}));
  std::string received;
  for (size_t i = 0; i + 1 < first.size(); ++i) {
    received.push_back(all[i]);
    const auto got = take_archiver_request(received);
    REQUIRE(got);
    CHECK(!*got);
  }
  received = all;
  CHECK(**take_archiver_request(received) == archiver_request(archiver_push{"/d", "first"}));
  CHECK(**take_archiver_request(received) == archiver_request(archiver_greeting{}));
  CHECK(received.empty());
}

TEST_CASE("archiver message: what nobody sends is refused") {
  for (const auto& body :
       {"push|1|/d|w", "push|1|/d|", "push|1|/d|w|x|", "push|2|/d|w|", "push|1|d|w|", "push|1|/d||",
        "push|1|/d|a/b|", "hello|1|x|", "hello|", "get|1|", "|", "||||", "GET / HTTP/1.0\r\n"}) {
    CAPTURE(body);
    auto received = framed(zeros(body));
    CHECK(!take_archiver_request(received));
  }
  for (const auto& body : {"wait", "wait|x|", "done|0|", "done|x||", "done|-1||", "done|256||",
                           "done| 1||", "done|1|a|b|", "elsewhere|", "hello|1|v|", "hello|2|v|1|",
                           "hello|1|v|x|", "hello|1|v||", "push|1|/d|w|"}) {
    CAPTURE(body);
    auto received = framed(zeros(body));
    CHECK(!take_archiver_answer(received));
  }
}

TEST_CASE("archiver message: a length that no message has is refused before anything follows it") {
  for (const size_t length : {size_t{0}, archiver_message_limit_bytes + 1, size_t{0xffffffff}}) {
    auto received = framed("", length);
    CHECK(!take_archiver_request(received));
  }
  auto most = framed("", archiver_message_limit_bytes);
  const auto got = take_archiver_request(most);
  REQUIRE(got);
  CHECK(!*got);
}

TEST_CASE("archiver message: a text that is too long is cut, and has no NUL") {
  auto sent = render(archiver_answer(archiver_done{104, std::string(200'000, 'x')}));
  CHECK(sent.size() <= archiver_frame_limit_bytes);
  const auto got = take_archiver_answer(sent);
  REQUIRE((got && *got));
  CHECK(std::get<archiver_done>(**got).text.size() > 60'000);
  auto holed = render(archiver_answer(archiver_elsewhere{std::string("a\0b", 3)}));
  CHECK(**take_archiver_answer(holed) == archiver_answer(archiver_elsewhere{"a b"}));
}

TEST_CASE("archiver message: any bytes are a message, a part of one, or refused") {
  std::mt19937 random(20261201);
  size_t refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    auto received =
        render(archiver_request(archiver_push{"/data/pg_wal", "000000010000000000000001"}));
    for (unsigned i = 0; i <= random() % 3; ++i)
      received[random() % received.size()] = static_cast<char>(random());
    received.resize(random() % (received.size() + 1));
    const auto before = received.size();
    const auto got = take_archiver_request(received);
    refused += !got;
    CHECK((got && *got ? received.size() < before : received.size() <= before));
  }
  CHECK(refused > 100);
}

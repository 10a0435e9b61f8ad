// What the archive module makes of the bytes on its socket.
// SPDX-License-Identifier: MIT
#include "cli/module/archiver_message.h"
#include "tests/hostile.hpp"

#include <doctest/doctest.h>

#include <array>
#include <random>
#include <string>
#include <string_view>
#include <vector>

using namespace std::string_literals;
using namespace std::string_view_literals;

namespace {

/// The bytes of a request; empty where it cannot be made.
std::string request(const std::string& directory, const std::string& name,
                    size_t room = message_head_bytes + message_limit_bytes) {
  std::vector<unsigned char> bytes(room);
  const auto length = put_push_request(bytes.data(), room, directory.c_str(), name.c_str());
  return {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length)};
}

size_t length_of(const std::array<unsigned char, 4>& head) {
  return message_length(head.data());
}

/// A copy of its own, so that a sanitizer sees each byte behind it that is read.
struct parsed {
  explicit parsed(std::string_view text)
      : body(text.begin(), text.end()), answer(parse_answer(body.data(), body.size())) {}

  std::vector<char> body;
  archiver_answer answer;
};

} // namespace

TEST_CASE("archiver message: a request has its length, the version, directory and name") {
  CHECK(request("/d/pg_wal", "0000") == "\0\0\0\x16push\0001\0/d/pg_wal\0"s + "0000\0"s);
  CHECK(request("/d", "n", 15).empty());
  CHECK(request("/d", "n", 16).size() == 16);
  CHECK(request(std::string(message_limit_bytes - 9, 'd'), "").size() ==
        message_head_bytes + message_limit_bytes);
  CHECK(request(std::string(message_limit_bytes - 8, 'd'), "", 1 << 20).empty());
}

TEST_CASE("archiver message: lengths are big-endian, and have a limit") {
  CHECK(length_of({0, 0, 1, 2}) == 258);
  CHECK(length_of({0, 1, 0, 0}) == 65536);
  pgbraid::test::hostile("output that is no protocol", 3);
  CHECK(length_of({0, 0, 0, 0}) == 0);
  CHECK(length_of({0, 1, 0, 1}) == 0);
  CHECK(length_of({0xff, 0xff, 0xff, 0xff}) == 0);
}

TEST_CASE("archiver message: the three answers") {
  CHECK(parsed("wait\0"sv).answer.kind == answer_wait);
  const parsed done("done\00082\0too late\nHINT: wait\0"sv);
  CHECK(done.answer.kind == answer_done);
  CHECK(done.answer.code == 82);
  CHECK(done.answer.text == "too late\nHINT: wait"sv);
  const parsed fine("done\0000\0\0"sv);
  CHECK(fine.answer.kind == answer_done);
  CHECK(fine.answer.code == 0);
  CHECK(*fine.answer.text == '\0');
  const parsed elsewhere("elsewhere\0stopping\0"sv);
  CHECK(elsewhere.answer.kind == answer_elsewhere);
  CHECK(elsewhere.answer.text == "stopping"sv);
}

TEST_CASE("archiver message: everything else is no answer") {
  constexpr std::array wrong = {
      ""sv,
      "\0"sv,
      "wait"sv,
      "wait\0\0"sv,
      "WAIT\0"sv,
      "done\0"sv,
      "done\0000\0"sv,
      "done\0000\0text"sv,
      "done\0000\0text\0more\0"sv,
      "done\0\0text\0"sv,
      "done\000256\0text\0"sv,
      "done\0001000\0text\0"sv,
      "done\000-1\0text\0"sv,
      "done\000+1\0text\0"sv,
      "done\000 1\0text\0"sv,
      "done\0001x\0text\0"sv,
      "elsewhere\0"sv,
      "elsewhere\0a\0b\0"sv,
      "hello\0001\0pgbraid\0001\0"sv,
  };
  pgbraid::test::hostile("output that is no protocol", wrong.size());
  for (const auto text : wrong) {
    CAPTURE(text);
    CHECK(parsed(text).answer.kind == answer_broken);
  }
}

TEST_CASE("archiver message: noise is taken apart without harm") {
  constexpr size_t inputs = 5'000;
  pgbraid::test::hostile("random damage and noise", inputs);
  std::mt19937 any(20'261'201);
  constexpr auto letters = "done\0wait\0elsewhere\000129"sv;
  for (size_t i = 0; i < inputs; ++i) {
    std::string text;
    for (auto left = any() % 24; left > 0; --left)
      text += letters[any() % letters.size()];
    const auto answer = parsed(text).answer;
    CHECK(answer.code >= 0);
    CHECK(answer.code <= 255);
  }
}

TEST_CASE("archiver message: text is made fit for a log") {
  auto text = "a\x1b[1mb\r\n\x7f\tc \xc3\xa4"s;
  make_printable(text.data());
  CHECK(text == "a?[1mb?\n??c \xc3\xa4");
}

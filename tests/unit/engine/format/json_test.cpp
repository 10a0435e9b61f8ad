// The JSON dialect: what it accepts, what it refuses, what it writes.
// SPDX-License-Identifier: MIT
#include "engine/format/json_reader.hpp"
#include "engine/format/json_writer.hpp"
#include "tests/hostile.hpp"

#include <doctest/doctest.h>

using namespace pgbraid;
using namespace pgbraid::format;

TEST_CASE("json: takes what the dialect has") {
  for (const auto* text :
       {"0", "-1", "18446744073709551615", "true", "false", "null", "\"\"", "{}", "[]",
        R"({"a":[1,[2,3],{"b":null}],"c":"x\"y\\z\n\u00e4"})", "\"\xff\xfe raw bytes\""}) {
    CAPTURE(text);
    CHECK(is_json(text));
  }
}

TEST_CASE("json: refuses what the dialect does not have") {
  for (const auto* text :
       {"",    "1.0",     "1e3",        "01",   "+1",    "--1", "tru",  "nul",         "\"open",
        "{",   "{\"a\"}", "{\"a\":1,}", "[1,]", "[1 2]", "1 2", "{}{}", "\"\\u0100\"", "\"\\x\"",
        "'a'", "{a:1}",   "\"\\",       "-"}) {
    test::hostile("manifests and info files");
    CAPTURE(text);
    CHECK_FALSE(is_json(text));
  }
}

TEST_CASE("json: nesting has a limit") {
  test::hostile("manifests and info files", 2);
  CHECK(is_json(std::string(32, '[') + std::string(32, ']')));
  CHECK_FALSE(is_json(std::string(33, '[') + std::string(33, ']')));
  CHECK_FALSE(is_json(std::string(1000000, '[')));
}

TEST_CASE("json: numbers that do not fit are errors") {
  test::hostile("manifests and info files", 2);
  json_reader big("18446744073709551616");
  CHECK(big.read_uint() == 0);
  CHECK_FALSE(big.check());
  json_reader negative("-1");
  negative.read_uint();
  CHECK(negative.check().failure().code == errc::format);
  json_reader low("-9223372036854775808");
  CHECK(low.read_int() == INT64_MIN);
  CHECK(low.check());
}

TEST_CASE("json: the first error sticks and loops end") {
  json_reader in(R"({"a":1,"b":x,"c":3})");
  unsigned members = 0;
  in.begin_object();
  while (in.next_member()) {
    in.read_uint();
    ++members;
  }
  CHECK(members == 2);
  const auto done = in.check();
  REQUIRE_FALSE(done);
  CHECK(done.failure().message.find("byte 12") != std::string::npos);
}

TEST_CASE("json: escapes are undone and made again") {
  json_reader in(R"("a\"\\\/\b\f\n\r\t\u0041\u00ff")");
  const std::string text(in.read_string());
  CHECK(text == "a\"\\/\b\f\n\r\tA\xff");
  CHECK(in.check());
  CHECK(json_string("a/\"\\\n\r\t\b\f\x01\xff") == "\"a/\\\"\\\\\\n\\r\\t\\b\\f\x01\xff\"");
}

TEST_CASE("json: writes compact text") {
  std::string text;
  json_writer out(text);
  out.begin_object().member("a").begin_array().number(uint64_t{3}).begin_array();
  out.number(int64_t{-7}).number(uint64_t{9}).end_array().end_array();
  out.member("b").null().member("c").boolean(true).member("d").begin_object().end_object();
  out.end_object();
  CHECK(text == R"({"a":[3,[-7,9]],"b":null,"c":true,"d":{}})");
  text.clear();
  json_writer(text).begin_array().hex(as_bytes("\x01\xfe")).hex({}).end_array();
  CHECK(text == R"(["01fe",""])");
}

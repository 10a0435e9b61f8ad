// Tests of the JSON between hosts.
// SPDX-License-Identifier: MIT
#include "storage/wire/wire.hpp"
#include "tests/hostile.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace pgbraid;
using namespace pgbraid::wire;

namespace {

template <class T> T there_and_back(const T& message) {
  auto back = wire::decode<T>(wire::encode(message));
  REQUIRE(back);
  return *back;
}

template <class T> bool is_refused(std::string_view text) {
  test::hostile("requests and answers between hosts");
  const auto got = decode<T>(text);
  return !got && got.failure().code == errc::protocol;
}

} // namespace

TEST_CASE("wire: every byte travels in text, and nothing else comes back") {
  std::string all;
  for (int i = 0; i < 256; ++i)
    all += static_cast<char>(i);
  CHECK(wire::wire_text("caf\xe9") == "caf\xc3\xa9");
  CHECK(*wire::from_wire_text(wire::wire_text(all)) == all);
  CHECK(there_and_back(wire::place_request{"repo", all}).path == all);
  for (const auto* bad : {"\xe9", "\xc4\x80", "\xe2\x82\xac", "\xc3", "\xc3x", "\x80", "\xff"}) {
    test::hostile("requests and answers between hosts");
    CHECK_FALSE(wire::from_wire_text(bad));
  }
}

TEST_CASE("wire: texts can be headers of HTTP/2") {
  const auto text = wire::encode(wire::place_request{"repo", std::string("\n\r\t\x01\x7f\0 ", 7)});
  for (const char c : text)
    CHECK((static_cast<unsigned char>(c) >= ' ' && c != 0x7f));
}

TEST_CASE("wire: messages come back as they went") {
  const entry one{"a\nb",
                  {.kind = entry_kind::link,
                   .size_bytes = std::numeric_limits<uint64_t>::max(),
                   .mtime_s = -5,
                   .mode = 0777,
                   .uid = 4294967295U,
                   .gid = 7,
                   .link_destination = "../\xff"}};
  const auto same = there_and_back(one);
  CHECK(same.name == one.name);
  CHECK(same.info.kind == entry_kind::link);
  CHECK(same.info.size_bytes == one.info.size_bytes);
  CHECK(same.info.mtime_s == -5);
  CHECK(same.info.uid == 4294967295U);
  CHECK(same.info.link_destination == "../\xff");

  wire::write_request put{
      "repo", "f", {.how = publish::in_place, .make_parents = false, .sync = false}};
  put.options.mtime_s = -1;
  put.options.uid = 0;
  const auto got = there_and_back(put).options;
  CHECK(got.how == publish::in_place);
  CHECK_FALSE(got.make_parents);
  CHECK_FALSE(got.sync);
  CHECK(got.mtime_s == -1);
  CHECK(got.uid == 0U);
  CHECK_FALSE(got.gid);

  const auto said = there_and_back(wire::hello{2, 9, "p", {"--a=\xff", ""}, {"l"}});
  CHECK(said.version_min == 2);
  CHECK(said.version_max == 9);
  CHECK(said.args == std::vector<std::string>{"--a=\xff", ""});

  const auto failed =
      there_and_back(wire::small_answer{0, error{errc::file_missing, "no \xff", "Hm."}});
  REQUIRE(failed.failure);
  CHECK(failed.failure->code == errc::file_missing);
  CHECK(failed.failure->message == "no \xff");
  CHECK(failed.failure->hint == "Hm.");

  wire::pg_call_answer answer;
  answer.location = 0xffffffffffffffffU;
  answer.stop = {5, "seg", "label\n", "map"};
  answer.databases = {{"a", 1, 1663}, {"\xc3\xa4", 4294967295U, 16390}};
  const auto back = there_and_back(answer);
  CHECK(back.location == 0xffffffffffffffffU);
  CHECK(back.stop.backup_label == "label\n");
  REQUIRE(back.databases.size() == 2);
  CHECK(back.databases[1].name == "\xc3\xa4");
  CHECK(back.databases[1].oid == 4294967295U);
  CHECK(back.databases[1].tablespace == 16390);

  const auto names = there_and_back(wire::facts_answer{{{0, "root"}, {4294967295U, "x"}}, {}});
  CHECK(names.users.size() == 2);
  CHECK(names.users.at(4294967295U) == "x");

  CHECK(there_and_back(wire::cipher_answer{cipher_type::aes_256_cbc}).type ==
        cipher_type::aes_256_cbc);
}

TEST_CASE("wire: unknown members are ignored, missing ones have defaults") {
  const auto got =
      wire::decode<wire::read_request>(R"({"root":"pg","new":{"a":[1,2]},"limit":null})");
  REQUIRE(got);
  CHECK(got->root == "pg");
  CHECK(got->path.empty());
  CHECK_FALSE(got->limit);
  CHECK(decode<wire::write_request>("{}")->options.mode == write_options{}.mode);
}

TEST_CASE("wire: what is wrong is refused") {
  for (const auto* bad :
       {"", "null", "[]", "5", "\"x\"", "{", "{}{}", R"({"root":5})", R"({"root":null})",
        R"({"root":["pg"]})", R"({"path":"€"})", "{\"path\":\"\xff\"}", R"({"offset":-1})",
        R"({"offset":1.5})", R"({"offset":"1"})", R"({"offset":18446744073709551616})",
        R"({"offset":1e400})", R"({"limit":-1})", R"({"limit":true})"}) {
    CAPTURE(bad);
    CHECK(is_refused<wire::read_request>(bad));
  }
  for (const auto* bad : {R"({"op":"format"})", R"({"op":3})", R"({"mode":4294967296})",
                          R"({"mode":-1})", R"({"mtime":9223372036854775808})"})
    CHECK(is_refused<wire::change_request>(bad));
  for (const auto* bad : {R"({"versions":[1]})", R"({"versions":[1,2,3]})", R"({"versions":1})",
                          R"({"versions":[1,-2]})", R"({"args":"a"})", R"({"args":[1]})"})
    CHECK(is_refused<wire::hello>(bad));
  for (const auto* bad : {R"({"users":{"x":"y"}})", R"({"users":{"-1":"y"}})",
                          R"({"users":{"4294967296":"y"}})", R"({"users":{"1":2}})"})
    CHECK(is_refused<wire::facts_answer>(bad));
  CHECK(is_refused<wire::pg_call_answer>(R"({"databases":[{"name":"a","oid":4294967296}]})"));
  CHECK(is_refused<wire::small_answer>(R"({"error":"x"})"));
}

TEST_CASE("wire: deep and long texts do no harm") {
  const std::string open(2'000'000, '[');
  CHECK(is_refused<wire::read_request>(open));
  CHECK(is_refused<wire::read_request>("{\"path\":" + open + std::string(open.size(), ']') + "}"));
  CHECK(is_refused<wire::read_request>(std::string(wire::body_limit_bytes + 1, ' ')));
}

TEST_CASE("wire: an error without a usable code is one of the protocol") {
  test::hostile("requests and answers between hosts", 3);
  CHECK(wire::decode<wire::small_answer>(R"({"error":{"code":0}})")->failure->code ==
        errc::protocol);
  CHECK(wire::decode<wire::small_answer>(R"({"error":{"code":256}})")->failure->code ==
        errc::protocol);
  CHECK(wire::decode<wire::small_answer>(R"({"error":{}})")->failure->code == errc::protocol);
  CHECK(wire::decode<wire::small_answer>(R"({"error":{"code":64}})")->failure->code ==
        errc::file_write);
}

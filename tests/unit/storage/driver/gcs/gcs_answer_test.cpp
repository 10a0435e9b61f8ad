// Bodies of a bucket, as they should be and as nobody should send them.
// SPDX-License-Identifier: MIT
#include "storage/driver/gcs/gcs_answer.hpp"
#include "tests/hostile.hpp"

#include <doctest/doctest.h>

using namespace pgbraid;
using namespace pgbraid::gcs;

namespace {

const object::object_store::list_request of_repo = {.prefix = "repo/"};

std::string object_named(std::string_view name, std::string_view size = "5") {
  return R"({"name":")" + std::string(name) + R"(","size":")" + std::string(size) +
         R"(","updated":"2026-01-02T03:04:05.678Z"})";
}

auto page(std::string_view body) {
  return page_of(as_bytes(body), of_repo);
}

template <class T> errc code_of(const result<T>& what) {
  REQUIRE_FALSE(what);
  CHECK_FALSE(what.failure().message.empty());
  return what.failure().code;
}

http::response with_body(int status, std::string_view body) {
  const auto bytes = as_bytes(body);
  return {.status = status, .body = {bytes.begin(), bytes.end()}};
}

} // namespace

TEST_CASE("gcs answers: a page of a list") {
  const auto got = page(R"({"kind":"storage#objects","items":[)" + object_named("repo/a") + "," +
                        object_named("repo/b c", "123456789012") +
                        R"(],"prefixes":["repo/d/"],"nextPageToken":"t+/="})");
  REQUIRE(got);
  REQUIRE(got->objects.size() == 2);
  CHECK(got->objects[0].key == "repo/a");
  CHECK(got->objects[0].mtime_s == 1767323045);
  CHECK(got->objects[1].key == "repo/b c");
  CHECK(got->objects[1].size_bytes == 123456789012);
  CHECK(got->prefixes == std::vector<std::string>{"repo/d/"});
  CHECK(got->next == "t+/=");
  CHECK(page(R"({"kind":"storage#objects"})")->objects.empty());
  CHECK(page("{}")->next.empty());
}

TEST_CASE("gcs answers: what is no list, or one of others, is refused") {
  for (const std::string& text :
       {std::string(), std::string("garbage"), std::string("[]"), std::string("{"),
        std::string(R"({"kind":"storage#object"})"), std::string(R"({"items":5})"),
        std::string(R"({"items":[5]})"), std::string(R"({"items":[{"name":"repo/a"}]})"),
        std::string(R"({"prefixes":{}})"), std::string(R"({"prefixes":[5]})"),
        std::string(R"({"prefixes":["repo/d"]})"), std::string(R"({"nextPageToken":""})"),
        std::string(R"({"nextPageToken":5})"), R"({"items":[)" + object_named("") + "]}",
        R"({"items":[)" + object_named("repo/a", "-1") + "]}",
        R"({"items":[)" + object_named("repo/a", "99999999999999999999") + "]}"}) {
    CAPTURE(text);
    CHECK(code_of(page(text)) == errc::format);
  }
  CHECK(code_of(page(R"({"items":[)" + object_named("other/a") + "]}")) == errc::protocol);
  CHECK(code_of(page(R"({"prefixes":["other/"]})")) == errc::protocol);
  CHECK(code_of(page(std::string(200'000, '['))) == errc::format);
}

TEST_CASE("gcs answers: each byte of a list, damaged or left out") {
  const auto good = R"({"items":[)" + object_named("repo/a") + "," + object_named("repo/b") +
                    R"(],"prefixes":["repo/c/"]})";
  for (size_t at = 0; at < good.size(); ++at)
    for (const char with : {'\0', '"', '{', ']', '\\', '\xff'}) {
      auto bad = good;
      bad[at] = with;
      if (auto got = page(bad))
        for (const auto& one : got->objects)
          CHECK(one.key.starts_with("repo/"));
    }
  for (size_t length = 0; length < good.size(); ++length)
    CHECK(code_of(page(good.substr(0, length))) == errc::format);
  test::hostile("answers of an object store", good.size() * 7);
}

TEST_CASE("gcs answers: objects, and how much of an upload is there") {
  const auto about =
      description_of(as_bytes(R"({"size":"7","updated":"2026-01-02T03:04:05Z","md5Hash":"x=="})"));
  REQUIRE(about);
  CHECK(about->size_bytes == 7);
  CHECK(about->md5 == "x==");
  for (const auto* text : {"", "[]", "{}", R"({"size":7,"updated":"2026-01-02T03:04:05Z"})"})
    CHECK(code_of(description_of(as_bytes(std::string_view(text)))) == errc::format);
  CHECK(received_by({.status = 308}) == 0);
  CHECK(received_by({.status = 308, .headers = {{"range", "bytes=0-99"}}}) == 100);
  for (const auto* text : {"bytes=1-99", "bytes=0-", "0-99", "bytes=0-18446744073709551615"})
    CHECK_FALSE(received_by({.status = 308, .headers = {{"range", text}}}));
}

TEST_CASE("gcs answers: errors are told, and a hint where there is something to do") {
  CHECK(told_by(with_body(403, R"({"error":{"code":403,"message":"no"},"secret":"x"})")) == "no");
  CHECK(told_by(with_body(403, "plain")) == "plain");
  CHECK(told_by(with_body(403, R"({"secret":"x"})")).empty());
  for (const int status : {301, 401, 403, 404})
    CHECK_FALSE(hint_for(status).empty());
  CHECK(hint_for(400).empty());
}

namespace {

std::string version_named(std::string_view name, std::string_view generation,
                          std::string_view more = "") {
  return R"({"name":")" + std::string(name) + R"(","size":"5","generation":")" +
         std::string(generation) + R"(","timeCreated":"2026-01-02T03:04:05.678Z")" +
         std::string(more) + "}";
}

auto version_page(std::string_view body) {
  return version_page_of(as_bytes(body), of_repo);
}

} // namespace

TEST_CASE("gcs answers: a page of versions") {
  const auto got = version_page(
      R"({"kind":"storage#objects","items":[)" +
      version_named("repo/a", "17", R"(,"timeDeleted":"2026-01-02T03:05:05.1Z")") + "," +
      version_named("repo/a", "18") + R"(],"prefixes":["repo/d/"],"nextPageToken":"t"})");
  REQUIRE(got);
  REQUIRE(got->versions.size() == 2);
  CHECK(got->versions[0].version == "17");
  CHECK(got->versions[0].from_s == 1767323045);
  CHECK(got->versions[0].until_s == 1767323105);
  CHECK_FALSE(got->versions[1].until_s);
  CHECK(got->prefixes == std::vector<std::string>{"repo/d/"});
  CHECK(got->next == "t");
}

TEST_CASE("gcs answers: what is no list of versions is refused") {
  for (const std::string& one :
       {version_named("repo/a", ""), version_named("", "1"), std::string("5"),
        version_named("repo/a", "1", R"(,"timeDeleted":"never")"),
        std::string(R"({"name":"repo/a","size":"5","generation":"1"})")}) {
    CAPTURE(one);
    test::hostile("answers of an object store");
    CHECK(code_of(version_page(R"({"items":[)" + one + "]}")) == errc::format);
  }
  CHECK(code_of(version_page(R"({"items":[)" + version_named("other/a", "1") + "]}")) ==
        errc::protocol);
}

TEST_CASE("gcs answers: what is held, and texts that are none of the service's") {
  const auto tells = [](int status, std::string_view body) {
    const auto bytes = as_bytes(body);
    return tells_of_hold({.status = status, .body = {bytes.begin(), bytes.end()}});
  };
  CHECK(tells(403, R"({"error":{"errors":[{"reason":"retentionPolicyNotMet"}]}})"));
  CHECK_FALSE(tells(404, R"({"error":{"errors":[{"reason":"retentionPolicyNotMet"}]}})"));
  CHECK_FALSE(tells(403, R"({"error":{"message":"no","errors":[{"reason":"forbidden"}]}})"));
  for (const auto* body : {"", "[]", "null", R"({"error":7})", R"({"error":{"errors":[]}})",
                           R"({"error":{"errors":{}}})", R"({"error":{"errors":[7]}})"})
    CHECK_FALSE(tells(403, body));
}

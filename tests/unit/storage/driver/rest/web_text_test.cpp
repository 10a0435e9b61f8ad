// Names, times and ranges, as they should be and as nobody should send them; tokens.
// SPDX-License-Identifier: MIT
#include "storage/driver/rest/token_answer.hpp"
#include "storage/driver/rest/web_text.hpp"

#include <doctest/doctest.h>

using namespace pgbraid;
using namespace pgbraid::rest;

TEST_CASE("web text: times, sizes and ranges") {
  CHECK(seconds_of_iso("1970-01-01T00:00:00.000Z") == 0);
  CHECK(seconds_of_iso("2026-12-31T23:59:59Z") == 1798761599);
  for (const auto* text :
       {"", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-01-01 00:00:00Z",
        "2026-01-01T24:00:00Z", "yesterday", "2026-01-01T00:00"}) {
    CAPTURE(text);
    CHECK_FALSE(seconds_of_iso(text));
  }
  CHECK(whole_size_of("bytes 0-9/100") == 100);
  CHECK(whole_size_of("bytes */0") == 0);
  for (const auto* text : {"", "bytes 0-9/*", "bytes 0-9", "0-9/100", "bytes 0-9/-1"})
    CHECK_FALSE(whole_size_of(text));
}

TEST_CASE("web text: names, there and back") {
  CHECK(uri_encoded("a b/c~\xff") == "a%20b%2Fc~%FF");
  CHECK(uri_encoded("a/b", true) == "a/b");
  CHECK(uri_decoded("a%20b%2Fc+d%zz%2") == "a b/c d%zz%2");
  CHECK(query_text({{"b", "x&y"}, {"a", ""}}) == "a=&b=x%26y");
}

TEST_CASE("token answers: what is none is refused, and not shown") {
  const auto now = wall_s();
  const auto lent = token_answer(R"({"access_token":"t.-_/+=","expires_in":3600})", "it");
  REQUIRE(lent);
  CHECK(lent->keys.view() == "t.-_/+=");
  CHECK(*lent->until_s >= now + 3600);
  CHECK(token_answer(R"({"access_token":"t","expires_in":"60"})", "it"));
  CHECK(*token_answer(R"({"access_token":"t","expires_in":99999999999})", "it")->until_s <
        now + 8 * 24 * 3600);
  for (const auto* text :
       {"", "hidden", "[]", "{}", R"({"access_token":"hidden"})", R"({"expires_in":3600})",
        R"({"access_token":"","expires_in":3600})", R"({"access_token":5,"expires_in":3600})",
        R"({"access_token":"hidden","expires_in":-1})",
        R"({"access_token":"hidden\r\nx: y","expires_in":3600})",
        R"({"access_token":"hidden","expires_in":"soon"})"}) {
    CAPTURE(text);
    const auto none = token_answer(text, "it");
    REQUIRE_FALSE(none);
    CHECK(none.failure().code == errc::protocol);
    CHECK(none.failure().message.find("hidden") == std::string::npos);
  }
}

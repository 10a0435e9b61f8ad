// Requests and answers over a link.
// SPDX-License-Identifier: MIT
#include "tests/unit/link/rig.hpp"

using namespace pgbraid;
using namespace pgbraid::test;

namespace {

void echo(link::exchange& asked) {
  auto body = asked.read_all(64 << 20);
  if (!body)
    return;
  REQUIRE(asked.respond(asked.head()));
  REQUIRE(asked.write(as_bytes(*body)));
  REQUIRE(asked.finish("{\"path\":\"" + asked.path() + "\"}"));
}

} // namespace

TEST_CASE("link: a question and its answer") {
  pair_of_ends ends(echo);
  const auto got = ends.asking->ask("/v1/echo", "{\"a\":\"\xc3\xa4\"}", "body");
  REQUIRE(got);
  CHECK(got->head == "{\"a\":\"\xc3\xa4\"}");
  CHECK(got->body == "body");
  CHECK(got->trailer == "{\"path\":\"/v1/echo\"}");
  CHECK_FALSE(ends.asking->failure());
}

TEST_CASE("link: no body, no trailer, and a body larger than all windows") {
  pair_of_ends ends(echo);
  auto got = ends.asking->ask("/", "{}");
  REQUIRE(got);
  CHECK(got->body.empty());
  const auto much = pattern(20 << 20);
  got = ends.asking->ask("/", "{}", much);
  REQUIRE(got);
  CHECK((got->body == much));
}

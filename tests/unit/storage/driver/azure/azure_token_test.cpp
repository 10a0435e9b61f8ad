// Tokens of a virtual machine whose metadata a test writes.
// SPDX-License-Identifier: MIT
#include "storage/driver/azure/azure_token.hpp"
#include "tests/unit/engine/http/scripted_server.hpp"

using namespace pgbraid;
using namespace pgbraid::azure;
using namespace pgbraid::test;
using namespace std::chrono_literals;

namespace {

auto borrowed(scripted_server& server) {
  return borrow_token({.account = "acc",
                       .kind = key_type::instance,
                       .metadata_url = server.url(""),
                       // Where the store is has nothing to do with it.
                       .at = {.limit = 1s, .connecting = {.connect_to = "127.0.0.1:1"}}});
}

} // namespace

TEST_CASE("azure token: of the virtual machine") {
  scripted_server server([](const seen_request&, size_t) -> scripted_answer {
    return {http_answer("200 OK", R"({"access_token": "hidden", "expires_in": "3599"})")};
  });
  const auto lent = borrowed(server);
  REQUIRE(lent);
  CHECK(lent->keys.view() == "hidden");
  REQUIRE(lent->until_s);
  CHECK(*lent->until_s > wall_s() + 3000);
  const auto seen = server.seen();
  REQUIRE(seen.size() == 1);
  CHECK(seen[0].first_line() == "GET /metadata/identity/oauth2/token?api-version=2018-02-01&"
                                "resource=https%3A%2F%2Facc.blob.core.windows.net HTTP/1.1");
  CHECK(seen[0].header("metadata") == "true");
}

TEST_CASE("azure token: what is none is refused, and not shown") {
  for (const auto* answer :
       {R"({"access_token": "hidden"})", R"({"access_token": "hidden\r\nx: y", "expires_in": 1})",
        R"({"access_token": "", "expires_in": 1})", "hidden", "[]",
        R"({"access_token": "hidden", "expires_in": "soon"})"}) {
    CAPTURE(answer);
    scripted_server server([answer](const seen_request&, size_t) -> scripted_answer {
      return {http_answer("200 OK", answer)};
    });
    const auto lent = borrowed(server);
    REQUIRE_FALSE(lent);
    CHECK(lent.failure().code == errc::protocol);
    CHECK(lent.failure().message.find("hidden") == std::string::npos);
  }
  scripted_server refusing([](const seen_request&, size_t) -> scripted_answer {
    return {http_answer("400 Bad Request", R"({"error": "hidden"})")};
  });
  const auto lent = borrowed(refusing);
  REQUIRE_FALSE(lent);
  CHECK(lent.failure().message.find("status 400") != std::string::npos);
  CHECK(lent.failure().message.find("hidden") == std::string::npos);
}

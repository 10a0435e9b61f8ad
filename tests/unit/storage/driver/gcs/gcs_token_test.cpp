// Key files, and tokens for them.
// SPDX-License-Identifier: MIT
#include "engine/codec/message_digest.hpp"
#include "storage/driver/gcs/gcs_token.hpp"
#include "tests/unit/engine/codec/tool.hpp"
#include "tests/unit/engine/http/scripted_server.hpp"
#include "tests/unit/engine/io/scratch.hpp"

#include <nlohmann/json.hpp>

using namespace pgbraid;
using namespace pgbraid::gcs;
using namespace pgbraid::test;
using namespace std::chrono_literals;

namespace {

template <class T> errc refused(const result<T>& what) {
  REQUIRE_FALSE(what);
  CHECK(what.failure().message.find("hidden") == std::string::npos);
  return what.failure().code;
}

nlohmann::json account() {
  return {{"type", "service_account"},
          {"client_email", "a@b"},
          {"private_key", "hidden"},
          {"token_uri", "https://tokens.test/token"}};
}

nlohmann::json external() {
  return {{"type", "external_account"},
          {"audience", "//iam/x"},
          {"subject_token_type", "urn:ietf:params:oauth:token-type:jwt"},
          {"token_url", "https://sts.test/v1/token"},
          {"credential_source", {{"file", "/run/token"}, {"format", {{"type", "text"}}}}}};
}

std::string from_base64url(std::string text) {
  std::ranges::replace(text, '-', '+');
  std::ranges::replace(text, '_', '/');
  text.resize((text.size() + 3) / 4 * 4, '=');
  const auto bytes = codec::from_base64(text);
  return std::string(as_text(bytes));
}

} // namespace

TEST_CASE("gcs token: key files of service accounts") {
  const auto key = service_account(account().dump());
  REQUIRE(key);
  CHECK(key->client_email == "a@b");
  CHECK(key->private_key.view() == "hidden");
  for (const auto* missing : {"type", "client_email", "private_key", "token_uri"}) {
    auto bad = account();
    bad.erase(missing);
    CHECK(refused(service_account(bad.dump())) == errc::format);
    bad[missing] = 5;
    CHECK(refused(service_account(bad.dump())) == errc::format);
  }
  for (const auto* place : {"http://tokens.test", "ftp://x", "", "https://a b"}) {
    auto bad = account();
    bad["token_uri"] = place;
    CHECK(refused(service_account(bad.dump())) == errc::format);
  }
  for (const auto* text : {"", "hidden", "[]", "{", "5"})
    CHECK(refused(service_account(text)) == errc::format);
}

TEST_CASE("gcs token: key files of external accounts") {
  const auto key = external_account(external().dump());
  REQUIRE(key);
  CHECK(key->token_file == "/run/token");
  CHECK(key->audience == "//iam/x");
  auto other = external();
  other["credential_source"] = {{"url", "http://x"}};
  CHECK(refused(external_account(other.dump())) == errc::feature_not_supported);
  other = external();
  other["credential_source"]["format"] = {{"type", "json"}};
  CHECK(refused(external_account(other.dump())) == errc::feature_not_supported);
  other = external();
  other["service_account_impersonation_url"] = "https://x";
  CHECK(refused(external_account(other.dump())) == errc::feature_not_supported);
  other = external();
  other["token_url"] = "http://x";
  CHECK(refused(external_account(other.dump())) == errc::format);
  CHECK(refused(external_account(account().dump())) == errc::format);
}

TEST_CASE("gcs token: what a service account signs is believed by OpenSSL's program") {
  if (!codec::rig::has_tool("openssl"))
    return;
  const auto pem = codec::rig::through("openssl genpkey -algorithm RSA", {});
  REQUIRE(pem);
  const auto claim = signed_claim({.client_email = "a@b",
                                   .private_key = secret(std::string(as_text(*pem))),
                                   .token_url = "https://tokens.test/token"},
                                  1'700'000'000);
  REQUIRE(claim);
  const auto first = claim->find('.');
  const auto second = claim->find('.', first + 1);
  CHECK(nlohmann::json::parse(from_base64url(claim->substr(0, first)))["alg"] == "RS256");
  const auto said =
      nlohmann::json::parse(from_base64url(claim->substr(first + 1, second - first - 1)));
  CHECK(said["iss"] == "a@b");
  CHECK(said["aud"] == "https://tokens.test/token");
  CHECK(said["exp"] == 1'700'003'600);
  const scratch here;
  put(here / "key", as_text(*pem));
  put(here / "signature", from_base64url(claim->substr(second + 1)));
  put(here / "text", claim->substr(0, second));
  const auto checked =
      codec::rig::through("openssl dgst -sha256 -prverify " + (here / "key") + " -signature " +
                              (here / "signature") + " " + (here / "text"),
                          {});
  CHECK(checked);
  CHECK(refused(signed_claim({.private_key = secret("hidden")}, 0)) == errc::crypto);
}

TEST_CASE("gcs token: of an instance") {
  scripted_server server([](const seen_request& asked, size_t) -> scripted_answer {
    if (asked.header("metadata-flavor") != "Google")
      return {http_answer("403 Forbidden")};
    return {http_answer("200 OK", R"({"access_token":"t","expires_in":3600})")};
  });
  const lender from{.kind = key_type::instance,
                    .metadata_url = server.url(""),
                    .limit = 20s,
                    .connecting = {.limit = 20s}};
  const auto lent = borrow(from);
  REQUIRE(lent);
  CHECK(lent->keys.view() == "t");
  CHECK(*lent->until_s > wall_s() + 3000);
  CHECK(server.seen()[0].first_line() ==
        "GET /computeMetadata/v1/instance/service-accounts/default/token HTTP/1.1");
}

TEST_CASE("gcs token: a key file that is missing or none") {
  const scratch here;
  lender from{.kind = key_type::service, .key_file = here / "none"};
  CHECK(refused(borrow(from)) == errc::file_open);
  put(here / "none", "hidden");
  CHECK(refused(borrow(from)) == errc::format);
  from.kind = key_type::web_identity;
  CHECK(refused(borrow(from)) == errc::format);
}

// Keys from each kind of lender, and when they are asked for again.
// SPDX-License-Identifier: MIT
#include "storage/driver/s3/lent_credentials.hpp"
#include "storage/driver/s3/s3_answer.hpp"
#include "storage/driver/s3/s3_store.hpp"
#include "tests/unit/engine/http/scripted_server.hpp"
#include "tests/unit/engine/io/scratch.hpp"

using namespace pgbraid;
using namespace pgbraid::s3;
using namespace pgbraid::test;
using namespace std::chrono_literals;

namespace {

const std::string in_json = R"({"AccessKeyId": "key", "SecretAccessKey": "hidden", "Token": "t",
  "SessionToken": "t", "Expiration": "2026-12-31T23:59:59Z"})";
constexpr int64_t end_s = 1798761599;

lender of_kind(key_type kind) {
  return {.kind = kind, .limit = 20s, .connecting = {.limit = 20s}};
}

void check_keys(const result<lent_credentials>& lent) {
  REQUIRE(lent);
  CHECK(lent->keys.access_key.view() == "key");
  CHECK(lent->keys.secret_key.view() == "hidden");
  CHECK(lent->keys.token.view() == "t");
  CHECK(lent->until_s == end_s);
}

errc refused(const result<lent_credentials>& lent) {
  REQUIRE_FALSE(lent);
  CHECK(lent.failure().message.find("hidden") == std::string::npos);
  return lent.failure().code;
}

scripted_server::script by_path(std::map<std::string, std::string> answers) {
  return [answers](const seen_request& asked, size_t) -> scripted_answer {
    const auto line = asked.first_line();
    for (const auto& [start, answer] : answers)
      if (line.starts_with(start))
        return {answer};
    return {http_answer("404 Not Found")};
  };
}

} // namespace

TEST_CASE("lent credentials: of an instance, its role asked for or known") {
  scripted_server server(by_path(
      {{"PUT /latest/api/token ", http_answer("200 OK", "session")},
       {"GET /latest/meta-data/iam/security-credentials/ ", http_answer("200 OK", "the role\n")},
       {"GET /latest/meta-data/iam/security-credentials/the%20role ",
        http_answer("200 OK", in_json)}}));
  auto from = of_kind(key_type::instance);
  from.metadata_url = server.url("");
  check_keys(borrow(from));
  const auto seen = server.seen();
  REQUIRE(seen.size() == 3);
  CHECK(seen[0].header("x-aws-ec2-metadata-token-ttl-seconds") == "300");
  CHECK(seen[2].header("x-aws-ec2-metadata-token") == "session");
  from.role = "the role";
  check_keys(borrow(from));
  CHECK(server.seen().size() == 5);
  from.role = "another";
  CHECK(refused(borrow(from)) == errc::protocol);
}

TEST_CASE("lent credentials: for a web identity") {
  const scratch here;
  put(here / "token", "the token\n");
  const std::string answer =
      "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult>"
      "<Credentials><AccessKeyId>key</AccessKeyId><SecretAccessKey>hidden"
      "</SecretAccessKey><SessionToken>t</SessionToken><Expiration>"
      "2026-12-31T23:59:59Z</Expiration></Credentials>"
      "</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>";
  scripted_server server(by_path({{"GET /?Action=AssumeRoleWithWebIdentity&RoleArn=arn%3Ax&"
                                   "RoleSessionName=pgbraid&Version=2011-06-15&"
                                   "WebIdentityToken=the%20token ",
                                   http_answer("200 OK", answer)}}));
  auto from = of_kind(key_type::web_identity);
  from.sts_host = server.url("");
  from.role_arn = "arn:x";
  from.token_file = here / "token";
  check_keys(borrow(from));
  put(here / "token", "another hidden token");
  CHECK(refused(borrow(from)) == errc::protocol);
  from.token_file = here / "none";
  CHECK(refused(borrow(from)) == errc::file_open);
}

TEST_CASE("lent credentials: of a pod's agent") {
  const scratch here;
  put(here / "token", "the token");
  scripted_server server(by_path({{"GET /v1/credentials ", http_answer("200 OK", in_json)}}));
  auto from = of_kind(key_type::pod);
  from.pod_url = server.url("/v1/credentials");
  from.token_file = here / "token";
  check_keys(borrow(from));
  CHECK(server.seen()[0].header("authorization") == "the token");
}

TEST_CASE("lent credentials: of a command") {
  auto from = of_kind(key_type::process);
  from.command = {"printf", "%s", in_json};
  check_keys(borrow(from));
  from.command = {"sh", "-c", "echo no login >&2; exit 3"};
  const auto failed = borrow(from);
  CHECK(refused(failed) == errc::execute);
  CHECK(failed.failure().message.find("no login") != std::string::npos);
  from.command = {"sh", "-c", "sleep 60"};
  from.limit = 200ms;
  CHECK(refused(borrow(from)) == errc::execute);
  from.limit = 20s;
  from.command = {"sh", "-c", "yes hidden"};
  CHECK(refused(borrow(from)) == errc::execute);
  from.command = {"/no/such/program"};
  CHECK_FALSE(borrow(from));
}

TEST_CASE("lent credentials: answers that are none, and nothing of them is shown") {
  for (const std::string text :
       {"", "hidden", "[]", "{}", R"({"AccessKeyId": "key"})", R"({"SecretAccessKey": "hidden"})",
        R"({"AccessKeyId": 5, "SecretAccessKey": "hidden"})",
        R"({"AccessKeyId": "key", "SecretAccessKey": "hidden", "Expiration": "soon"})"}) {
    CAPTURE(text);
    auto from = of_kind(key_type::process);
    from.command = {"printf", "%s", text};
    CHECK(refused(borrow(from)) == errc::protocol);
  }
}

TEST_CASE("lent credentials: keys that end in the middle are replaced") {
  scripted_server lent([](const seen_request&, size_t number) -> scripted_answer {
    return {http_answer("200 OK", R"({"AccessKeyId": "key)" + std::to_string(number) +
                                      R"(", "SecretAccessKey": "s"})")};
  });
  scripted_server server([](const seen_request& asked, size_t) -> scripted_answer {
    if (asked.header("authorization").find("Credential=key0/") != std::string::npos)
      return {http_answer("400 Bad Request", "<Error><Code>ExpiredToken</Code></Error>")};
    return {http_answer("200 OK")};
  });
  settings about{
      .bucket = "b", .style = uri_style::path, .at = {.endpoint = "127.0.0.1", .tls = false}};
  about.at.port = server.port;
  about.from = of_kind(key_type::pod);
  about.from.pod_url = lent.url("/keys");
  const auto store = make_s3_store(about);
  CHECK(store->put("k", {})->wait());
  CHECK(lent.seen().size() == 2);
  CHECK(store->put("k", {})->wait());
  CHECK(lent.seen().size() == 2);
}

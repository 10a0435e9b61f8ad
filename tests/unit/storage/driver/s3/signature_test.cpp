// Signatures: the examples that Amazon publishes, and what goes into them.
// SPDX-License-Identifier: MIT
#include "storage/driver/s3/s3_request.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace pgbraid;
using namespace pgbraid::rest;
using namespace pgbraid::s3;

namespace {

/// Of "Signature Calculations for the Authorization Header", Amazon S3 API reference.
const credentials of_the_example = {.access_key = secret("AKIAIOSFODNN7EXAMPLE"),
                                    .secret_key =
                                        secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")};
constexpr scope at_that_time = {.time = "20130524T000000Z", .region = "us-east-1", .service = "s3"};
constexpr std::string_view of_nothing =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

std::string signature_of(std::string_view method, std::string_view path, std::string_view query,
                         std::vector<http::header> more, std::string_view digest = of_nothing) {
  more.push_back({"host", "examplebucket.s3.amazonaws.com"});
  more.push_back({"x-amz-content-sha256", std::string(digest)});
  more.push_back({"x-amz-date", "20130524T000000Z"});
  const auto text =
      authorization({method, path, query, more, digest}, at_that_time, of_the_example);
  return text.substr(text.find("Signature=") + 10);
}

std::string header_of(const http::request& in, std::string_view name) {
  const auto at = std::ranges::find(in.headers, name, &http::header::name);
  return at == in.headers.end() ? "" : at->value;
}

settings bucket() {
  settings of{.bucket = "b", .region = "eu-1", .at = {.endpoint = "s3.test"}};
  of.with = of_the_example;
  return of;
}

} // namespace

TEST_CASE("s3 signature: the published examples") {
  CHECK(signature_of("GET", "/test.txt", "", {{"range", "bytes=0-9"}}) ==
        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
  CHECK(signature_of("PUT", "/test%24file.text", "",
                     {{"date", "Fri, 24 May 2013 00:00:00 GMT"},
                      {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
                     "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072") ==
        "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
  CHECK(signature_of("GET", "/", query_text({{"lifecycle", ""}}), {}) ==
        "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
  CHECK(signature_of("GET", "/", query_text({{"prefix", "J"}, {"max-keys", "2"}}), {}) ==
        "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST_CASE("s3 signature: what is encoded, and what is not") {
  CHECK(uri_encoded("aZ09-_.~") == "aZ09-_.~");
  CHECK(uri_encoded("a/b c+d=e&f\xC3\xA9") == "a%2Fb%20c%2Bd%3De%26f%C3%A9");
  CHECK(uri_encoded("a/b c", true) == "a/b%20c");
  CHECK(query_text({{"b", "2"}, {"a", "x y"}, {"a-b", ""}}) == "a=x%20y&a-b=&b=2");
}

TEST_CASE("s3 request: where it goes") {
  auto of = bucket();
  const call what{.method = "GET", .key = "some/key +x", .query = {{"uploadId", "1"}}};
  auto made = request_for(what, of, of.with, 1369353600);
  CHECK(made.url == "https://b.s3.test/some/key%20%2Bx?uploadId=1");
  CHECK(header_of(made, "host") == "b.s3.test");
  CHECK(header_of(made, "x-amz-date") == "20130524T000000Z");
  of.style = uri_style::path;
  of.at.tls = false;
  of.at.port = 9000;
  made = request_for(what, of, of.with, 0);
  CHECK(made.url == "http://s3.test:9000/b/some/key%20%2Bx?uploadId=1");
  CHECK(header_of(made, "host") == "s3.test");
  CHECK(request_for({.method = "GET"}, of, of.with, 0).url == "http://s3.test:9000/b");
}

TEST_CASE("s3 request: headers for what it does") {
  auto of = bucket();
  of.with.token = secret("the token");
  of.requester_pays = true;
  of.at.tags = {{"a", "b c"}, {"d", "e"}};
  of.kms_key_id = "kms-1";
  const auto object = request_for(
      {.method = "PUT", .key = "k", .body = body_of("content"), .what = touches::object}, of,
      of.with, 0);
  CHECK(header_of(object, "content-md5") == "mgNkuembtIDdJeHwKEyFVQ==");
  CHECK(header_of(object, "x-amz-content-sha256") ==
        "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73");
  CHECK(header_of(object, "x-amz-tagging") == "a=b%20c&d=e");
  CHECK(header_of(object, "x-amz-server-side-encryption") == "aws:kms");
  CHECK(header_of(object, "x-amz-server-side-encryption-aws-kms-key-id") == "kms-1");
  for (const auto what : {touches::nothing, touches::content, touches::object}) {
    const auto made = request_for({.method = "GET", .what = what}, of, of.with, 0);
    CHECK(header_of(made, "x-amz-security-token") == "the token");
    CHECK(header_of(made, "x-amz-request-payer") == "requester");
    CHECK((header_of(made, "x-amz-tagging").empty() == (what != touches::object)));
    // Whatever is sent is signed.
    for (const auto& one : made.headers)
      if (one.name != "authorization")
        CHECK(header_of(made, "authorization").find(one.name) != std::string::npos);
  }
  of.kms_key_id.clear();
  of.customer_key = secret("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=");
  const auto part = request_for({.method = "GET", .what = touches::content}, of, of.with, 0);
  CHECK(header_of(part, "x-amz-server-side-encryption-customer-algorithm") == "AES256");
  CHECK(header_of(part, "x-amz-server-side-encryption-customer-key-md5") ==
        "hRasmdxgYDKV3nvbahU1MA==");
  CHECK(header_of(request_for({.method = "GET"}, of, of.with, 0),
                  "x-amz-server-side-encryption-customer-key")
            .empty());
}

// Signatures against texts that Microsoft publishes, and what requests hold.
// SPDX-License-Identifier: MIT
#include "storage/driver/azure/azure_request.hpp"
#include "storage/driver/azure/azure_signature.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace pgbraid;
using namespace pgbraid::rest;
using namespace pgbraid::azure;

namespace {

const secret test_key("cGdicmFpZCB0ZXN0IGFjY291bnQga2V5LCBub3QgYSBzZWNyZXQgYXQgYWxsLi4uLi4u");
constexpr int64_t moment_s = 1369353600;
constexpr std::string_view moment = "Fri, 24 May 2013 00:00:00 GMT";

std::string header_of(const http::request& in, std::string_view name) {
  const auto at = std::ranges::find(in.headers, name, &http::header::name);
  return at == in.headers.end() ? "" : at->value;
}

settings container() {
  return {.account = "acc",
          .container = "con",
          .key = test_key,
          .at = {.endpoint = "blob.core.windows.net"}};
}

} // namespace

TEST_CASE("azure signature: the published text, and what it makes with a key") {
  // "Authorize with Shared Key", section "Constructing the canonicalized resource string" and the
  // example of Get Container Metadata.
  const query_fields query = {{"restype", "container"}, {"comp", "metadata"}, {"timeout", "20"}};
  const std::vector<http::header> headers = {{"x-ms-version", "2015-02-21"},
                                             {"x-ms-date", "Fri, 26 Jun 2015 23:39:12 GMT"}};
  const to_sign what{.method = "GET", .path = "/mycontainer", .query = query, .headers = headers};
  CHECK(text_to_sign(what, "myaccount") ==
        "GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:Fri, 26 Jun 2015 23:39:12 GMT\n"
        "x-ms-version:2015-02-21\n/myaccount/mycontainer\ncomp:metadata\nrestype:container\n"
        "timeout:20");
  // Computed with Python's hmac.
  CHECK(shared_key_authorization(what, "myaccount", test_key) ==
        "SharedKey myaccount:QUewBlzuA9gDYL8hiCNtnNZMlimKvgl1LRntXBsxlZ8=");
}

TEST_CASE("azure signature: each header has its line, others have none") {
  const std::vector<http::header> headers = {{"range", "bytes=0-9"},
                                             {"if-match", "\"t\""},
                                             {"content-type", "a/b"},
                                             {"content-md5", "md5"},
                                             {"user-agent", "nobody"},
                                             {"content-encoding", "e"},
                                             {"content-language", "l"},
                                             {"if-none-match", "n"},
                                             {"if-modified-since", "m"},
                                             {"if-unmodified-since", "u"},
                                             {"date", "d"}};
  CHECK(text_to_sign(
            {.method = "PUT", .path = "/p", .query = {}, .headers = headers, .body_bytes = 5},
            "a") == "PUT\ne\nl\n5\nmd5\na/b\nd\nm\n\"t\"\nn\nu\nbytes=0-9\n/a/p");
}

TEST_CASE("azure request: where it goes") {
  auto of = container();
  const call what{.method = "GET", .key = "some/key +x", .query = {{"comp", "block"}}};
  auto made = request_for(what, of, {}, moment_s);
  CHECK(made.url == "https://acc.blob.core.windows.net/con/some/key%20%2Bx?comp=block");
  CHECK(header_of(made, "x-ms-date") == moment);
  CHECK(header_of(made, "x-ms-version") == "2024-08-04");
  CHECK_FALSE(made.secret);
  of.style = uri_style::path;
  of.at = {.endpoint = "host", .tls = false, .port = 9000};
  CHECK(request_for(what, of, {}, moment_s).url ==
        "http://host:9000/acc/con/some/key%20%2Bx?comp=block");
  CHECK(request_for({.method = "GET"}, of, {}, moment_s).url == "http://host:9000/acc/con");
}

TEST_CASE("azure request: an object with its digest and tags, signed") {
  auto of = container();
  of.style = uri_style::path;
  of.at.tags = {{"a", "b c"}, {"d", "e"}};
  const call what{.method = "PUT",
                  .key = "some/key +x",
                  .headers = {{"x-ms-blob-type", "BlockBlob"}},
                  .body = body_of("content"),
                  .what = touches::object};
  const auto made = request_for(what, of, {}, moment_s);
  CHECK(header_of(made, "content-md5") == "mgNkuembtIDdJeHwKEyFVQ==");
  CHECK(header_of(made, "x-ms-tags") == "a=b%20c&d=e");
  // Computed with Python's hmac, of the text with /acc/acc/con/some/key%20%2Bx as resource.
  CHECK(header_of(made, "authorization") ==
        "SharedKey acc:GYbLlT9ZWJdqMehfjDS61tNBauzp4gqDvB4b4wde6LU=");
  auto part = what;
  part.what = touches::content;
  CHECK(header_of(request_for(part, of, {}, 0), "x-ms-tags").empty());
  part.what = touches::nothing;
  CHECK(header_of(request_for(part, of, {}, 0), "content-md5").empty());
}

TEST_CASE("azure request: with a signature of somebody else") {
  auto of = container();
  of.kind = key_type::sas;
  for (const auto* given : {"sv=1&sig=hid%2Bden", "?sv=1&sig=hid%2Bden"}) {
    of.key = secret(given);
    const auto made = request_for({.method = "GET", .query = {{"comp", "list"}}}, of, {}, 0);
    CHECK(made.url == "https://acc.blob.core.windows.net/con?comp=list&sv=1&sig=hid%2Bden");
    CHECK(made.secret);
    CHECK(header_of(made, "authorization").empty());
    CHECK(request_for({.method = "GET", .key = "k"}, of, {}, 0).url ==
          "https://acc.blob.core.windows.net/con/k?sv=1&sig=hid%2Bden");
    CHECK(url_of({.method = "GET", .key = "k"}, of) ==
          "https://acc.blob.core.windows.net/con/k"); // as it is shown
  }
}

TEST_CASE("azure request: with a token") {
  auto of = container();
  of.kind = key_type::instance;
  const auto made = request_for({.method = "GET", .key = "k"}, of, secret("the.token"), 0);
  CHECK(header_of(made, "authorization") == "Bearer the.token");
}

TEST_CASE("azure request: removing many, each authorized by itself") {
  auto of = container();
  const std::vector<std::string> keys = {"a b", "c"};
  const auto text_of = [&](const call& made) { return std::string(as_text(*made.body)); };
  const auto made = removal_of(keys, of, {}, moment_s);
  CHECK(made.method == "POST");
  CHECK(made.key.empty());
  CHECK(query_text(made.query) == "comp=batch&restype=container");
  REQUIRE(made.headers.size() == 1);
  CHECK(made.headers[0].value == "multipart/mixed; boundary=pgbraid-00000000");
  CHECK(text_of(made).starts_with(
      "--pgbraid-00000000\r\n"
      "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\nContent-ID: 0\r\n\r\n"
      "DELETE /con/a%20b HTTP/1.1\r\n"
      "x-ms-date: Fri, 24 May 2013 00:00:00 GMT\r\n"
      "authorization: SharedKey acc:n9ws/Od32x99f/91E862on5ZiDDrpyph1NuBk+kJefs=\r\n"
      "content-length: 0\r\n\r\n\r\n--pgbraid-00000000\r\n"));
  CHECK(text_of(made).find("Content-ID: 1\r\n\r\nDELETE /con/c HTTP/1.1\r\n") != std::string::npos);
  CHECK(text_of(made).ends_with("\r\n--pgbraid-00000000--\r\n"));
  of.style = uri_style::path;
  of.kind = key_type::sas;
  of.key = secret("?sig=x");
  CHECK(text_of(removal_of(keys, of, {}, 0)).find("DELETE /acc/con/c?sig=x HTTP/1.1\r\n") !=
        std::string::npos);
  of.kind = key_type::instance;
  CHECK(text_of(removal_of(keys, of, secret("t"), 0)).find("authorization: Bearer t\r\n") !=
        std::string::npos);
}

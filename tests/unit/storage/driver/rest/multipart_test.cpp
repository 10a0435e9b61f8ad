// Bodies in parts, there and back.
// SPDX-License-Identifier: MIT
#include "storage/driver/rest/multipart.hpp"

#include <doctest/doctest.h>

using namespace pgbraid;
using namespace pgbraid::rest;

namespace {

http::response mixed(std::string_view boundary, std::string_view body) {
  const auto bytes = as_bytes(body);
  return {.status = 200,
          .headers = {{"content-type", "multipart/mixed; boundary=" + std::string(boundary)}},
          .body = {bytes.begin(), bytes.end()}};
}

} // namespace

TEST_CASE("multipart: parts between boundaries that are in none of them") {
  const std::string content = "one --pgbraid-00000000 two";
  const std::vector<body_part> parts = {{.headers = {{"A", "b"}}, .content = as_bytes(content)}};
  const auto boundary = boundary_for(parts);
  CHECK(boundary == "pgbraid-00000001");
  CHECK(as_text(multipart_body(boundary, parts)) ==
        "--pgbraid-00000001\r\nA: b\r\n\r\n" + content + "\r\n--pgbraid-00000001--\r\n");
}

TEST_CASE("multipart: statuses by their numbers, in any order") {
  const std::string body = "--x\r\nContent-ID: <response-item+1>\r\n\r\nHTTP/1.1 404 Not Found\r\n"
                           "\r\nContent-ID: 0\r\n--x\r\ncontent-id: 0\r\n\r\nHTTP/1.1 202 X\r\n"
                           "--x--\r\n";
  CHECK(batch_statuses(mixed("\"x\"", body), 3) == std::vector<int>{202, 404, 0});
  CHECK(batch_statuses(mixed("x; charset=y", body), 3) == std::vector<int>{202, 404, 0});
}

TEST_CASE("multipart: what is none counts as no answer") {
  const std::vector<int> none(2, 0);
  for (const auto* body :
       {"", "--x", "--x--", "HTTP/1.1 204", "--x\r\nContent-ID: 7\r\n\r\nHTTP/1.1 204 X",
        "--x\r\nContent-ID: a\r\n\r\nHTTP/1.1 204 X", "--x\r\n\r\nHTTP/1.1 204 X",
        "--x\r\nContent-ID: 99999999999999999999\r\n\r\nHTTP/1.1 204",
        "--x\r\nContent-ID: 1\r\nHTTP/1.1", "--x\r\nContent-ID: 1\r\n\r\nHTTP/1.1 x\r\n"}) {
    CAPTURE(body);
    CHECK(batch_statuses(mixed("x", body), 2) == none);
  }
  CHECK(batch_statuses({.status = 200}, 2) == none);
  CHECK(batch_statuses(mixed("", "--\r\nContent-ID: 1\r\n\r\nHTTP/1.1 204"), 2) == none);
}

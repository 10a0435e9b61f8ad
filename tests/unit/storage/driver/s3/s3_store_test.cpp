// A bucket whose answers a test writes.
// SPDX-License-Identifier: MIT
#include "engine/base/clock.hpp"
#include "storage/driver/object/hedging_store.hpp"
#include "storage/driver/rest/web_text.hpp"
#include "storage/driver/s3/s3_store.hpp"
#include "tests/unit/engine/http/scripted_server.hpp"

#include <fmt/format.h>

using namespace pgbraid;
using namespace pgbraid::object;
using namespace pgbraid::test;
using namespace std::chrono_literals;

namespace {

struct rig {
  explicit rig(scripted_server::script answers) : server(std::move(answers)) {
    about.with = {.access_key = secret("key"), .secret_key = secret("hidden secret")};
    about.at.port = server.port;
    store = s3::make_s3_store(about);
  }
  scripted_server server;
  s3::settings about = {.bucket = "b",
                        .region = "r",
                        .style = s3::uri_style::path,
                        .at = {.endpoint = "127.0.0.1", .tls = false, .limit = 60s}};
  std::shared_ptr<object_store> store;
};

scripted_server::script in_turn(std::vector<scripted_answer> answers) {
  return [answers](const seen_request&, size_t number) {
    return answers[std::min(number, answers.size() - 1)];
  };
}

std::string ranged(std::string_view body, size_t from, size_t whole,
                   std::string_view tag = "\"t\"") {
  return http_answer("206 Partial Content", body,
                     "ETag: " + std::string(tag) + "\r\nContent-Range: bytes " +
                         std::to_string(from) + "-" + std::to_string(from + body.size() - 1) + "/" +
                         std::to_string(whole) + "\r\n");
}

std::string refusal(std::string_view status, std::string_view name, std::string_view headers = {}) {
  return http_answer(status, "<Error><Code>" + std::string(name) + "</Code></Error>", headers);
}

template <class T> errc code_of(const result<T>& what) {
  REQUIRE_FALSE(what);
  CHECK(what.failure().message.find("hidden secret") == std::string::npos);
  return what.failure().code;
}

std::string text_of(const result<std::optional<object_piece>>& piece) {
  REQUIRE(piece);
  REQUIRE(*piece);
  return std::string(as_text((*piece)->bytes));
}

std::vector<std::byte> bytes_of(std::string_view text) {
  const auto bytes = as_bytes(text);
  return {bytes.begin(), bytes.end()};
}

} // namespace

TEST_CASE("s3: a piece of an object") {
  rig on(in_turn({{ranged("cdef", 2, 100)}}));
  const auto piece = on.store->read("k", 2, 4, "\"t\"")->wait();
  CHECK(text_of(piece) == "cdef");
  CHECK((*piece)->object_bytes == 100);
  CHECK((*piece)->tag == "\"t\"");
  const auto seen = on.server.seen()[0];
  CHECK(seen.first_line() == "GET /b/k HTTP/1.1");
  CHECK(seen.header("range") == "bytes=2-5");
  CHECK(seen.header("if-match") == "\"t\"");
}

TEST_CASE("s3: a piece that is cut goes on where it broke") {
  const auto first = ranged("abcdefghij", 0, 10);
  rig on(in_turn(
      {{.bytes = first.substr(0, first.size() - 4), .hangs_up = true}, {ranged("fghij", 5, 10)}}));
  CHECK(text_of(on.store->read("k", 0, 10, {})->wait()) == "abcdefghij");
  const auto seen = on.server.seen();
  REQUIRE(seen.size() == 2);
  CHECK(seen[1].header("range") == "bytes=5-9"); // one byte twice
  CHECK(seen[1].header("if-match") == "\"t\"");
}

namespace {

/// So long that some of it is had before its end.
std::string long_content() {
  std::string out;
  for (int i = 0; out.size() < 3 * http::some_bytes; ++i)
    out += std::to_string(i) + ' ';
  return out;
}

/// What was had before the end, and the outcome.
std::pair<std::string, result<std::optional<object_piece>>> as_it_comes(object_store& in,
                                                                        uint64_t bytes) {
  auto one = in.read("k", 0, bytes, {});
  std::string some;
  while (true) {
    const auto more = one->some(60s);
    if (more.empty())
      return {std::move(some), one->wait()};
    some += as_text(more);
  }
}

/// All but 1000 bytes, of which the last wait until somebody takes what was before them.
scripted_answer cut(const std::string& answer) {
  return {.bytes = answer.substr(0, answer.size() - 1000),
          .hangs_up = true,
          .drip = 2ms,
          .at_once = answer.size() - 1100};
}

} // namespace

TEST_CASE("s3: a piece is had as it comes, and goes on where it broke") {
  const auto all = long_content();
  const auto from = all.size() - 1001;
  rig on(in_turn({cut(ranged(all, 0, all.size())),
                  {ranged(std::string_view(all).substr(from), from, all.size())}}));
  const auto [some, rest] = as_it_comes(*on.store, all.size());
  CHECK(some.size() > 0);
  CHECK(some + text_of(rest) == all);
  CHECK((*rest)->object_bytes == all.size());
  CHECK((*rest)->tag == "\"t\"");
  CHECK(on.server.seen()[1].header("if-match") == "\"t\"");
  CHECK(on.server.seen()[1].header("range") == fmt::format("bytes={}-{}", from, all.size() - 1));
}

TEST_CASE("s3: of a piece that is had as it comes the rest is of the same object, and whole") {
  const auto all = long_content();
  const auto first = cut(ranged(all, 0, all.size()));
  const auto from = all.size() - 1001;
  const auto end = std::string_view(all).substr(from);
  const std::vector<scripted_answer> wrong = {
      {ranged(end, from, all.size(), "\"other\"")},
      {refusal("412 Precondition Failed", "PreconditionFailed")},
      {refusal("416 Range Not Satisfiable", "InvalidRange", "Content-Range: bytes */10\r\n")},
      {http_answer("200 OK", all, "ETag: \"t\"\r\n")}, // it knows no ranges, for once
      {ranged(end.substr(1), from + 1, all.size())},
  };
  for (const auto& second : wrong) {
    CAPTURE(second.bytes.substr(0, second.bytes.find('\r')));
    rig on(in_turn({first, second}));
    const auto [some, rest] = as_it_comes(*on.store, all.size());
    CHECK(all.starts_with(some));
    CHECK_FALSE(some.empty());
    CHECK_FALSE(rest);
  }
  // Without a tag nothing of it could be gone on with: it begins again.
  const auto untagged =
      http_answer("206 Partial Content", all,
                  fmt::format("Content-Range: bytes 0-{}/{}\r\n", all.size() - 1, all.size()));
  rig on(in_turn({cut(untagged), {untagged}}));
  const auto [some, rest] = as_it_comes(*on.store, all.size());
  CHECK(some.empty());
  CHECK(text_of(rest) == all);
  CHECK(on.server.seen()[1].header("range") == fmt::format("bytes=0-{}", all.size() - 1));
}

TEST_CASE("s3: a piece that came whole before it broke") {
  const auto whole = ranged("abcdefghij", 0, 10);
  const auto chunked = [](const std::string& text) { // without the last, empty chunk
    auto head = text.substr(0, text.find("Content-Length"));
    return head + "Transfer-Encoding: chunked\r\n\r\na\r\nabcdefghij\r\n";
  };
  rig on(in_turn({{.bytes = chunked(whole), .hangs_up = true}, {ranged("j", 9, 10)}}));
  CHECK(text_of(on.store->read("k", 0, 10, {})->wait()) == "abcdefghij");
}

TEST_CASE("s3: who sends a byte at a time is given up") {
  rig on([](const seen_request& asked, size_t) -> scripted_answer {
    const auto from = std::stoul(asked.header("range").substr(6));
    const auto rest = ranged(std::string(1000 - from, 'x'), from, 1000);
    return {.bytes = rest.substr(0, rest.find("\r\n\r\n") + 6), .hangs_up = true};
  });
  on.about.at.limit = 1s;
  on.store = s3::make_s3_store(on.about);
  CHECK(code_of(on.store->read("k", 0, 1000, {})->wait()) == errc::file_read);
  CHECK(on.server.seen().size() < 200);
}

TEST_CASE("s3: a read that falls silent is overtaken by a second one, over another connection") {
  constexpr size_t before = 40;
  rig on([](const seen_request&, size_t number) -> scripted_answer {
    return {.bytes = ranged("abcd", 0, 4), .wait = number == before ? 60s : 0s};
  });
  const auto store = make_hedging_store(on.store);
  for (size_t i = 0; i < before; ++i)
    REQUIRE(store->read("k", 0, 4, {})->wait());
  CHECK(text_of(store->read("k", 0, 4, "\"t\"")->wait()) == "abcd");
  const auto seen = on.server.seen();
  REQUIRE(seen.size() == before + 2);
  CHECK(seen[before].header("if-match") == "\"t\"");
  CHECK(seen[before + 1].header("if-match") == "\"t\"");
  CHECK(on.server.connections() == 2);
}

TEST_CASE("s3: no part of an error that may be secret is shown") {
  rig on(in_turn(
      {{http_answer("403 Forbidden", "<Error><Code>ExpiredToken</Code><Message>late</Message>"
                                     "<Token-0>hidden secret</Token-0></Error>")}}));
  const auto done = on.store->put("k", bytes_of("x"))->wait();
  CHECK(code_of(done) == errc::protocol);
  CHECK(done.failure().message.find("ExpiredToken: late") != std::string::npos);
}

TEST_CASE("s3: touching is a copy that says so") {
  rig on(in_turn(
      {{http_answer("200 OK", "<CopyObjectResult/>")}, {refusal("200 OK", "AccessDenied")}}));
  on.about.customer_key = secret("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=");
  on.about.at.tags = {{"a", "b"}};
  on.store = s3::make_s3_store(on.about);
  REQUIRE(on.store->touch("a b")->wait());
  const auto seen = on.server.seen()[0];
  CHECK(seen.header("x-amz-copy-source") == "/b/a%20b");
  CHECK(seen.header("x-amz-copy-source-server-side-encryption-customer-algorithm") == "AES256");
  CHECK(seen.header("x-amz-tagging-directive") == "REPLACE");
  CHECK_FALSE(on.store->touch("k")->wait());
}

TEST_CASE("s3: what is no such piece") {
  SUBCASE("missing") {
    rig on(in_turn({{refusal("404 Not Found", "NoSuchKey")}}));
    const auto piece = on.store->read("k", 0, 4, {})->wait();
    REQUIRE(piece);
    CHECK_FALSE(*piece);
  }
  SUBCASE("the bucket is missing") {
    rig on(in_turn({{refusal("404 Not Found", "NoSuchBucket")}}));
    const auto piece = on.store->read("k", 0, 4, {})->wait();
    CHECK(code_of(piece) == errc::protocol);
    CHECK(piece.failure().hint.find("repo-s3-bucket") != std::string::npos);
  }
  SUBCASE("it changed") {
    rig on(in_turn({{refusal("412 x", "PreconditionFailed")}}));
    CHECK(code_of(on.store->read("k", 0, 4, "\"t\"")->wait()) == errc::file_read);
  }
  SUBCASE("empty") {
    rig on(in_turn({{http_answer("416 x", "", "Content-Range: bytes */0\r\n")}}));
    const auto piece = on.store->read("k", 0, 4, {})->wait();
    CHECK(text_of(piece).empty());
    CHECK((*piece)->object_bytes == 0);
  }
  SUBCASE("fewer bytes than it says") {
    rig on(in_turn({{ranged("cd", 2, 100)}}));
    CHECK(code_of(on.store->read("k", 2, 4, {})->wait()) == errc::protocol);
  }
  SUBCASE("no size") {
    rig on(in_turn({{http_answer("206 x", "cdef")}}));
    CHECK(code_of(on.store->read("k", 2, 4, {})->wait()) == errc::protocol);
  }
  SUBCASE("all of it, where a part was asked for") {
    rig on(in_turn({{http_answer("200 OK", "abcdef")}}));
    CHECK(code_of(on.store->read("k", 2, 4, {})->wait()) == errc::protocol);
  }
  SUBCASE("all of a small one, by a store that knows no ranges") {
    rig on(in_turn({{http_answer("200 OK", "abcdef")}}));
    const auto piece = on.store->read("k", 0, 4, {})->wait();
    CHECK(text_of(piece) == "abcd");
    CHECK((*piece)->object_bytes == 6);
  }
  SUBCASE("more than was asked for") {
    rig on(in_turn({{ranged(std::string(70000, 'x'), 0, 70000)}}));
    CHECK(code_of(on.store->read("k", 0, 4, {})->wait()) == errc::protocol);
  }
}

TEST_CASE("s3: who refuses says why, once") {
  for (const auto* name : {"AccessDenied", "SignatureDoesNotMatch", "InvalidAccessKeyId"}) {
    rig on(in_turn({{refusal("403 Forbidden", name)}}));
    const auto done = on.store->put("k", bytes_of("x"))->wait();
    CHECK(code_of(done) == errc::protocol);
    CHECK(done.failure().message.starts_with("HTTP request failed with 403 (Forbidden)"));
    CHECK(done.failure().message.find(name) != std::string::npos);
    CHECK_FALSE(done.failure().hint.empty());
    CHECK(on.server.seen().size() == 1);
  }
}

TEST_CASE("s3: a refusal without a body is asked for its name") {
  rig on(in_turn({{"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"},
                  {refusal("403 Forbidden", "SignatureDoesNotMatch")}}));
  const auto about = on.store->look("k")->wait();
  CHECK(code_of(about) == errc::protocol);
  CHECK(about.failure().hint.find("repo-s3-key-secret") != std::string::npos);
}

TEST_CASE("s3: a wrong clock is noticed, and requests are signed with the other one") {
  rig on(in_turn({{refusal("403 Forbidden", "RequestTimeTooSkewed",
                           "Date: Fri, 02 Jan 2026 03:04:05 GMT\r\n")},
                  {http_answer("200 OK")}}));
  REQUIRE(on.store->put("k", bytes_of("x"))->wait());
  const auto seen = on.server.seen();
  REQUIRE(seen.size() == 2);
  CHECK(seen[1].header("x-amz-date").starts_with("20260102T0304"));
}

TEST_CASE("s3: an object in parts") {
  SUBCASE("as it should be") {
    rig on(in_turn({{http_answer("200 OK", "<InitiateMultipartUploadResult><UploadId>u/1</UploadId>"
                                           "</InitiateMultipartUploadResult>")},
                    {http_answer("200 OK", "", "ETag: \"p\"\r\n")},
                    {http_answer("200 OK", "<CompleteMultipartUploadResult/>")}}));
    const auto id = on.store->begin_parts("k")->wait();
    REQUIRE(id);
    CHECK(*id == "u/1");
    const auto part = on.store->put_part("k", *id, 1, bytes_of("x"))->wait();
    REQUIRE(part);
    REQUIRE(on.store->end_parts("k", *id, std::array{*part}, 1)->wait());
    const auto seen = on.server.seen();
    CHECK(seen[0].first_line() == "POST /b/k?uploads= HTTP/1.1");
    CHECK(seen[1].first_line() == "PUT /b/k?partNumber=1&uploadId=u%2F1 HTTP/1.1");
    CHECK(seen[2].first_line() == "POST /b/k?uploadId=u%2F1 HTTP/1.1");
    CHECK(seen[2].body.find("<ETag>\"p\"</ETag>") != std::string::npos);
  }
  SUBCASE("a success that is none") {
    rig on(in_turn({{refusal("200 OK", "InternalError")}}));
    CHECK(code_of(on.store->end_parts("k", "u", {}, 1)->wait()) == errc::protocol);
  }
  SUBCASE("the answer that all is well gets lost") {
    const auto there = "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n"
                       "Last-Modified: Fri, 02 Jan 2026 03:04:05 GMT\r\n\r\n";
    rig on(in_turn({{.bytes = "", .hangs_up = true},
                    {.bytes = "", .hangs_up = true},
                    {refusal("404 Not Found", "NoSuchUpload")},
                    {there}}));
    CHECK(on.store->end_parts("k", "u", {}, 7)->wait());
    rig other(in_turn({{.bytes = "", .hangs_up = true},
                       {.bytes = "", .hangs_up = true},
                       {refusal("404 Not Found", "NoSuchUpload")},
                       {there}}));
    CHECK(code_of(other.store->end_parts("k", "u", {}, 8)->wait()) == errc::protocol);
  }
  SUBCASE("a success that says nothing") {
    for (const auto* body : {"", "<Other/>", "fine"}) {
      rig on(in_turn({{http_answer("200 OK", body)}}));
      CHECK(code_of(on.store->end_parts("k", "u", {}, 1)->wait()) == errc::format);
    }
  }
  SUBCASE("blanks before the answer") {
    rig on(in_turn(
        {{http_answer("200 OK",
                      "\n  <?xml version=\"1.0\"?><Error><Code>NoSuchPart</Code></Error>")},
         {http_answer("200 OK", "\n  <?xml version=\"1.0\"?><CompleteMultipartUploadResult/>")}}));
    CHECK(code_of(on.store->end_parts("k", "u", {}, 1)->wait()) == errc::protocol);
    CHECK(on.store->end_parts("k", "u", {}, 1)->wait());
  }
  SUBCASE("an upload that is unknown from the start") {
    rig on(in_turn({{refusal("404 Not Found", "NoSuchUpload")}}));
    CHECK(code_of(on.store->end_parts("k", "u", {}, 7)->wait()) == errc::protocol);
  }
}

TEST_CASE("s3: objects are locked where that is asked for, and nothing else is") {
  rig on(in_turn({{http_answer("200 OK", "")}}));
  on.about.lock = {"COMPLIANCE", 3600};
  const auto store = s3::make_s3_store(on.about);
  const auto before_s = wall_s();
  REQUIRE(store->put("k", bytes_of("x"))->wait());
  REQUIRE(store->remove(std::vector<std::string>{"k"})->wait());
  const auto seen = on.server.seen();
  CHECK(seen[0].header("x-amz-object-lock-mode") == "COMPLIANCE");
  const std::string until(seen[0].header("x-amz-object-lock-retain-until-date"));
  const auto until_s = rest::seconds_of_iso(until.substr(0, until.size() - 1) + ".0Z");
  REQUIRE(until_s);
  CHECK(*until_s >= before_s + 3600);
  CHECK(*until_s <= wall_s() + 3600);
  CHECK(seen[0].header("authorization").find("x-amz-object-lock-mode") != std::string::npos);
  CHECK(seen[1].header("x-amz-object-lock-mode").empty());
}

TEST_CASE("s3: removing") {
  rig on(in_turn({{http_answer("204 No Content")}, {http_answer("200 OK", "<DeleteResult/>")}}));
  REQUIRE(on.store->remove(std::array{std::string("a/b")})->wait());
  REQUIRE(on.store->remove(std::array{std::string("a"), std::string("b")})->wait());
  const auto seen = on.server.seen();
  CHECK(seen[0].first_line() == "DELETE /b/a/b HTTP/1.1");
  CHECK(seen[1].first_line() == "POST /b?delete= HTTP/1.1");
  CHECK_FALSE(seen[1].header("content-md5").empty());
}

TEST_CASE("s3: what is held is told, and until when where the store says it") {
  const std::string held =
      "<Code>AccessDenied</Code><Message>object protected by object lock</Message>";
  std::string headers = "x-amz-object-lock-retain-until-date: 2027-01-02T03:04:05Z\r\n"
                        "x-amz-object-lock-legal-hold: ON\r\n";
  rig on([&](const seen_request& asked, size_t) -> scripted_answer {
    if (asked.first_line().starts_with("HEAD "))
      return {http_answer("200 OK", "", headers)};
    if (asked.first_line().starts_with("DELETE "))
      return {http_answer("403 Forbidden", "<Error>" + held + "</Error>")};
    return {http_answer("200 OK",
                        "<DeleteResult><Error><Key>b</Key>" + held + "</Error></DeleteResult>")};
  });
  for (const auto& keys : {std::vector<std::string>{"b"}, std::vector<std::string>{"a", "b"}}) {
    const auto gone = on.store->remove(keys)->wait();
    CHECK(code_of(gone) == errc::protocol);
    CHECK(gone.failure().held);
    CHECK(gone.failure().message ==
          "the store holds 'b' (AccessDenied: object protected by object lock) until "
          "2027-01-02T03:04:05Z and until its legal hold ends");
  }
  headers = "";
  const auto gone = on.store->remove(std::array{std::string("b")})->wait();
  CHECK(gone.failure().message ==
        "the store holds 'b' (AccessDenied: object protected by object lock)");
}

TEST_CASE("s3: a bucket that is missing is no object that has gone") {
  rig on(in_turn({{refusal("404 Not Found", "NoSuchBucket")}}));
  CHECK(code_of(on.store->remove(std::array{std::string("a")})->wait()) == errc::protocol);
}

TEST_CASE("s3: lists") {
  rig on(in_turn({{http_answer(
      "200 OK", "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>")}}));
  REQUIRE(on.store->list({.prefix = "r/p/"})->wait());
  REQUIRE(on.store->list({.prefix = "", .below = true, .from = "x+/", .most = 1})->wait());
  const auto seen = on.server.seen();
  CHECK(seen[0].first_line() ==
        "GET /b?delimiter=%2F&encoding-type=url&list-type=2&prefix=r%2Fp%2F HTTP/1.1");
  CHECK(seen[1].first_line() == "GET /b?continuation-token=x%2B%2F&encoding-type=url&list-type=2&"
                                "max-keys=1&prefix= HTTP/1.1");
}

TEST_CASE("s3: a redirect to elsewhere is not followed") {
  rig on(in_turn({{http_answer("307 x", "", "Location: http://127.0.0.1:1/\r\n")}}));
  CHECK(code_of(on.store->put("k", bytes_of("x"))->wait()) == errc::protocol);
  CHECK(on.server.seen().size() == 1);
}

TEST_CASE("s3: an object as it was: its versions, and then the one of that time") {
  const std::string versions =
      "<ListVersionsResult><IsTruncated>false</IsTruncated>"
      "<Version><Key>k</Key><VersionId>v2</VersionId><Size>9</Size>"
      "<LastModified>2026-01-02T03:04:07.000Z</LastModified></Version>"
      "<Version><Key>k</Key><VersionId>v1</VersionId><Size>6</Size>"
      "<LastModified>2026-01-02T03:04:05.000Z</LastModified></Version></ListVersionsResult>";
  rig on(in_turn({{http_answer("200 OK", versions)},
                  {http_answer("206 Partial Content", "abcd",
                               "Content-Range: bytes 0-3/6\r\nx-amz-version-id: v1\r\n")},
                  {http_answer("206 Partial Content", "ef",
                               "Content-Range: bytes 4-5/6\r\nx-amz-version-id: v1\r\n")}}));
  on.about.at.as_of_s = 1767323046;
  const auto store = s3::make_s3_store(on.about);
  const auto begin = store->read("k", 0, 4, {})->wait();
  CHECK(text_of(begin) == "abcd");
  CHECK(text_of(store->read("k", 4, 2, (*begin)->tag)->wait()) == "ef");
  const auto seen = on.server.seen();
  REQUIRE(seen.size() == 3);
  CHECK(seen[0].first_line() == "GET /b?encoding-type=url&prefix=k&versions= HTTP/1.1");
  CHECK(seen[1].first_line() == "GET /b/k?versionId=v1 HTTP/1.1");
  CHECK(seen[2].first_line() == "GET /b/k?versionId=v1 HTTP/1.1");
  CHECK(seen[2].header("range") == "bytes=4-5");
  CHECK(seen[2].header("if-match").empty());
}

TEST_CASE("s3: uploads that nobody ended") {
  const auto page = [](std::string_view key, std::string_view more) {
    return http_answer("200 OK", "<ListMultipartUploadsResult>" + std::string(more) +
                                     "<Upload><Key>" + std::string(key) +
                                     "</Key><UploadId>u+1</UploadId><Initiated>"
                                     "2026-01-02T03:04:05.000Z</Initiated></Upload>"
                                     "</ListMultipartUploadsResult>");
  };
  rig on(in_turn({{page("p/a", "<IsTruncated>true</IsTruncated><NextKeyMarker>p/a</NextKeyMarker>"
                               "<NextUploadIdMarker>u+1</NextUploadIdMarker>")},
                  {page("p/b", "<IsTruncated>false</IsTruncated>")}}));
  object_store::list_request what{.prefix = "p/", .below = true};
  const auto first = on.store->list_uploads(what)->wait();
  REQUIRE(first);
  REQUIRE(first->uploads.size() == 1);
  CHECK(first->uploads[0].key == "p/a");
  CHECK(first->uploads[0].upload == "u+1");
  CHECK(first->uploads[0].begun_s == 1767323045);
  what.from = first->next;
  const auto second = on.store->list_uploads(what)->wait();
  REQUIRE(second);
  CHECK(second->next.empty());
  const auto seen = on.server.seen();
  CHECK(seen[0].first_line() == "GET /b?encoding-type=url&prefix=p%2F&uploads= HTTP/1.1");
  CHECK(seen[1].first_line() == "GET /b?encoding-type=url&key-marker=p%2Fa&prefix=p%2F&"
                                "upload-id-marker=u%2B1&uploads= HTTP/1.1");
  what.prefix = "other/";
  CHECK(code_of(on.store->list_uploads(what)->wait()) == errc::protocol);
}

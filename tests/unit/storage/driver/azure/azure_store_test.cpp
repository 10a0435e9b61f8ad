// A container whose answers a test writes.
// SPDX-License-Identifier: MIT
#include "engine/codec/message_digest.hpp"
#include "storage/driver/azure/azure_store.hpp"
#include "storage/driver/object/object_storage.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/engine/http/scripted_server.hpp"

#include <fmt/format.h>

#include <array>
#include <set>

using namespace pgbraid;
using namespace pgbraid::object;
using namespace pgbraid::test;
using namespace std::chrono_literals;

namespace {

struct rig {
  explicit rig(scripted_server::script answers) : server(std::move(answers)) {
    about.at.port = server.port;
    store = azure::make_azure_store(about);
  }
  void made_anew() { store = azure::make_azure_store(about); }
  scripted_server server;
  azure::settings about = {.account = "acc",
                           .container = "c",
                           .style = azure::uri_style::path,
                           .key = secret("aGlkZGVu"),
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

std::string refusal(std::string_view status, std::string_view name) {
  return http_answer(status, "<Error><Code>" + std::string(name) + "</Code></Error>",
                     "x-ms-error-code: " + std::string(name) + "\r\n");
}

std::string list_of(std::string_view inside, std::string_view next = {}) {
  return http_answer("200 OK", "<EnumerationResults><Blobs>" + std::string(inside) +
                                   "</Blobs><NextMarker>" + std::string(next) +
                                   "</NextMarker></EnumerationResults>");
}

/// The answer to a batch: these statuses, each with its number, in any order.
std::string batch_of(const std::vector<std::pair<size_t, std::string>>& statuses) {
  std::string body;
  for (const auto& [number, status] : statuses)
    body += "--x\r\nContent-Type: application/http\r\nContent-ID: " + std::to_string(number) +
            "\r\n\r\nHTTP/1.1 " + status + "\r\nx-ms-request-id: 1\r\n\r\n";
  return http_answer("202 Accepted", body + "--x--\r\n",
                     "Content-Type: multipart/mixed; boundary=x\r\n");
}

template <class T> errc refused_with(const result<T>& what) {
  REQUIRE_FALSE(what);
  for (const auto* never : {"aGlkZGVu", "sig=", "hidden"})
    CHECK(what.failure().message.find(never) == std::string::npos);
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

TEST_CASE("azure: a piece of an object") {
  rig on(in_turn({{ranged("cdef", 2, 100)}}));
  const auto piece = on.store->read("k", 2, 4, "\"t\"")->wait();
  CHECK(text_of(piece) == "cdef");
  CHECK((*piece)->object_bytes == 100);
  CHECK((*piece)->tag == "\"t\"");
  const auto seen = on.server.seen()[0];
  CHECK(seen.first_line() == "GET /acc/c/k HTTP/1.1");
  CHECK(seen.header("range") == "bytes=2-5");
  CHECK(seen.header("if-match") == "\"t\"");
  CHECK(seen.header("authorization").starts_with("SharedKey acc:"));
  CHECK(seen.header("x-ms-version") == "2024-08-04");
}

TEST_CASE("azure: what came is compared with the digest that is told") {
  const auto read = [](std::string_view of) {
    rig on(in_turn({{http_answer("206 Partial Content", "abc",
                                 "Content-Range: bytes 0-2/3\r\nx-ms-blob-content-md5: " +
                                     codec::to_base64(codec::md5_of(as_bytes(of))) + "\r\n")}}));
    return on.store->read("k", 0, 3, {})->wait();
  };
  CHECK(text_of(read("abc")) == "abc");
  CHECK(refused_with(read("abd")) == errc::file_read);
}

TEST_CASE("azure: a container as it was") {
  // What pgBackRest 2.60.0 made of the same list at that time: a, b, e and f, of these sizes.
  const auto version = [](const char* name, const char* day, const char* hour, size_t size) {
    return fmt::format("<Blob><Name>repo/{0}</Name><VersionId>{1} {2}</VersionId><Properties>"
                       "<Last-Modified>{1} {2}:00:00 GMT</Last-Modified><Content-Length>{3}"
                       "</Content-Length></Properties></Blob>",
                       name, day, hour, size);
  };
  const char* first = "Tue, 01 Dec 2026";
  const auto e =
      version("e", first, "12", 6) + version("e", first, "02", 7) + version("e", first, "01", 8);
  const auto all = version("a", first, "00", 1) + version("a", first, "12", 2) +
                   version("b", "Mon, 30 Nov 2026", "00", 3) + version("c", first, "12", 4) +
                   version("d", first, "13", 5) + e + version("f", first, "01", 9) +
                   version("f", first, "02", 10);
  rig on([&](const seen_request& asked, size_t) -> scripted_answer {
    const auto line = asked.first_line();
    if (line.find("comp=list") != std::string::npos)
      return {list_of(line.find("prefix=repo%2Fe") != std::string::npos ? e : all)};
    return {http_answer("206 Partial Content", "x",
                        "x-ms-version-id: v\r\nContent-Range: bytes 0-0/1\r\n")};
  });
  on.about.at.as_of_s = 1796104800; // 2026-12-01 06:00:00
  on.made_anew();
  const auto page = on.store->list({.prefix = "repo/"})->wait();
  REQUIRE(page);
  std::string got;
  for (const auto& one : page->objects)
    got += fmt::format("{} {}, ", one.key, one.size_bytes);
  CHECK(got == "repo/a 1, repo/b 3, repo/e 8, repo/f 10, ");
  CHECK(on.server.seen()[0].first_line() == "GET /acc/c?comp=list&delimiter=%2F&include=versions"
                                            "&maxresults=1000&prefix=repo%2F&restype=container "
                                            "HTTP/1.1");
  const auto piece = on.store->read("repo/e", 0, 1, {})->wait();
  CHECK(text_of(piece) == "x");
  CHECK((*piece)->tag == "Tue, 01 Dec 2026 01");
  CHECK(on.server.seen().back().first_line() ==
        "GET /acc/c/repo/e?versionid=Tue%2C%2001%20Dec%202026%2001 HTTP/1.1");
  REQUIRE(on.store->read("repo/e", 0, 1, "etag \"t\"")->wait());
  CHECK(on.server.seen().back().first_line() == "GET /acc/c/repo/e HTTP/1.1");
  CHECK(on.server.seen().back().header("if-match") == "\"t\"");
  CHECK(refused_with(on.store->put("repo/x", {})->wait()) == errc::option_invalid);
}

TEST_CASE("azure: a piece that is cut goes on where it broke") {
  const auto first = ranged("abcdefghij", 0, 10);
  rig on(in_turn(
      {{.bytes = first.substr(0, first.size() - 4), .hangs_up = true}, {ranged("fghij", 5, 10)}}));
  CHECK(text_of(on.store->read("k", 0, 10, {})->wait()) == "abcdefghij");
  const auto seen = on.server.seen();
  REQUIRE(seen.size() == 2);
  CHECK(seen[1].header("range") == "bytes=5-9"); // one byte twice
  CHECK(seen[1].header("if-match") == "\"t\"");
}

TEST_CASE("azure: what is no such piece") {
  SUBCASE("missing") {
    rig on(in_turn({{refusal("404 Not Found", "BlobNotFound")}}));
    const auto piece = on.store->read("k", 0, 4, {})->wait();
    REQUIRE(piece);
    CHECK_FALSE(*piece);
  }
  SUBCASE("the container is missing") {
    rig on(in_turn({{refusal("404 Not Found", "ContainerNotFound")}}));
    const auto piece = on.store->read("k", 0, 4, {})->wait();
    CHECK(refused_with(piece) == errc::protocol);
    CHECK(piece.failure().hint.find("repo-azure-container") != std::string::npos);
  }
  SUBCASE("it changed") {
    rig on(in_turn({{refusal("412 x", "ConditionNotMet")}}));
    CHECK(refused_with(on.store->read("k", 0, 4, "\"t\"")->wait()) == errc::file_read);
  }
  SUBCASE("empty") {
    rig on(in_turn({{refusal("416 x", "InvalidRange")}}));
    const auto piece = on.store->read("k", 0, 4, {})->wait();
    CHECK(text_of(piece).empty());
    CHECK((*piece)->object_bytes == 0);
  }
}

TEST_CASE("azure: looking at an object, whose refusal has no body") {
  rig on(in_turn({{"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n"
                   "Last-Modified: Fri, 02 Jan 2026 03:04:05 GMT\r\n\r\n"},
                  {"HTTP/1.1 404 x\r\nx-ms-error-code: BlobNotFound\r\n\r\n", true},
                  {"HTTP/1.1 404 x\r\n\r\n", true},
                  {"HTTP/1.1 404 x\r\nx-ms-error-code: ContainerNotFound\r\n\r\n", true},
                  {"HTTP/1.1 403 x\r\nx-ms-error-code: AuthenticationFailed\r\n\r\n", true}}));
  const auto there = on.store->look("k")->wait();
  REQUIRE(there);
  REQUIRE(*there);
  CHECK((*there)->size_bytes == 7);
  CHECK((*there)->mtime_s == 1767323045);
  for (int i = 0; i < 2; ++i) {
    const auto missing = on.store->look("k")->wait();
    REQUIRE(missing);
    CHECK_FALSE(*missing);
  }
  const auto nowhere = on.store->look("k")->wait();
  CHECK(refused_with(nowhere) == errc::protocol);
  CHECK(nowhere.failure().message.find("ContainerNotFound") != std::string::npos);
  const auto refused = on.store->look("k")->wait();
  CHECK(refused_with(refused) == errc::protocol);
  CHECK(refused.failure().hint.find("repo-azure-key") != std::string::npos);
  CHECK(on.server.seen().back().first_line() == "HEAD /acc/c/k HTTP/1.1");
}

TEST_CASE("azure: an object") {
  rig on(in_turn({{http_answer("201 Created")}}));
  on.about.at.tags = {{"a", "b c"}};
  on.made_anew();
  REQUIRE(on.store->put("a b", bytes_of("content"))->wait());
  REQUIRE(on.store->put("empty", {})->wait());
  REQUIRE(on.store->touch("k")->wait());
  const auto seen = on.server.seen();
  CHECK(seen[0].first_line() == "PUT /acc/c/a%20b HTTP/1.1");
  CHECK(seen[0].header("x-ms-blob-type") == "BlockBlob");
  CHECK(seen[0].header("content-md5") == "mgNkuembtIDdJeHwKEyFVQ==");
  CHECK(seen[0].header("x-ms-tags") == "a=b%20c");
  CHECK(seen[0].header("content-type").empty());
  CHECK(seen[0].body == "content");
  CHECK(seen[1].header("content-length") == "0");
  CHECK(seen[2].first_line() == "PUT /acc/c/k?comp=metadata HTTP/1.1");
  CHECK(seen[2].header("content-length") == "0");
}

TEST_CASE("azure: an object in parts") {
  rig on(in_turn({{http_answer("201 Created")}}));
  on.about.at.tags = {{"a", "b"}};
  on.made_anew();
  const auto id = on.store->begin_parts("k")->wait();
  REQUIRE(id);
  CHECK(id->size() == 16);
  CHECK(*on.store->begin_parts("k")->wait() != *id); // two writers do not mix
  CHECK(on.server.seen().empty());
  const auto part = on.store->put_part("k", *id, 27, bytes_of("content"))->wait();
  REQUIRE(part);
  CHECK(part->number == 27);
  CHECK(part->tag == *id + "x000001b");
  REQUIRE(on.store->end_parts("k", *id, std::array{*part}, 7)->wait());
  REQUIRE(on.store->drop_parts("k", *id)->wait());
  const auto seen = on.server.seen();
  REQUIRE(seen.size() == 2);
  CHECK(seen[0].first_line() == "PUT /acc/c/k?blockid=" + part->tag + "&comp=block HTTP/1.1");
  CHECK(seen[0].header("content-md5") == "mgNkuembtIDdJeHwKEyFVQ==");
  CHECK(seen[0].header("x-ms-tags").empty());
  CHECK(seen[1].first_line() == "PUT /acc/c/k?comp=blocklist HTTP/1.1");
  CHECK(seen[1].header("x-ms-tags") == "a=b");
  CHECK(seen[1].body.find("<BlockList><Latest>" + part->tag + "</Latest></BlockList>") !=
        std::string::npos);
}

TEST_CASE("azure: the end of an object in parts is sent again when its answer got lost") {
  rig on(in_turn({{.bytes = "", .hangs_up = true},
                  {.bytes = "", .hangs_up = true},
                  {http_answer("201 Created")}}));
  CHECK(on.store->end_parts("k", "u", {}, 1)->wait());
  CHECK(on.server.seen().back().first_line() == "PUT /acc/c/k?comp=blocklist HTTP/1.1");
}

TEST_CASE("azure: lists") {
  rig on(in_turn({{list_of("")}}));
  REQUIRE(on.store->list({.prefix = "r/p/"})->wait());
  REQUIRE(on.store->list({.prefix = "", .below = true, .from = "x+/", .most = 1})->wait());
  const auto seen = on.server.seen();
  CHECK(seen[0].first_line() == "GET /acc/c?comp=list&delimiter=%2F&maxresults=1000&"
                                "prefix=r%2Fp%2F&restype=container HTTP/1.1");
  CHECK(seen[1].first_line() ==
        "GET /acc/c?comp=list&marker=x%2B%2F&maxresults=1&prefix=&restype=container HTTP/1.1");
}

TEST_CASE("azure: an empty page that others follow") {
  const std::string prefix = "<BlobPrefix><Name>d/</Name></BlobPrefix>";
  rig on(in_turn({{list_of("", "m1")}, {list_of("", "m2")}, {list_of(prefix, "")}}));
  const auto found = make_object_storage(on.store, "/", {})->list("");
  REQUIRE(found);
  REQUIRE(*found);
  REQUIRE((*found)->size() == 1);
  CHECK((*found)->front().name == "d");
  rig one(in_turn({{list_of(prefix, "m3")}}));
  const auto page = one.store->list({.prefix = ""})->wait();
  REQUIRE(page);
  CHECK(page->prefixes == std::vector<std::string>{"d/"});
  CHECK(page->next == "m3");
  CHECK(on.server.seen().back().first_line().find("&marker=m2&") != std::string::npos);
}

TEST_CASE("azure: empty pages without an end") {
  rig same(in_turn({{list_of("", "m")}}));
  CHECK(refused_with(make_object_storage(same.store, "/", {})->list("")) == errc::protocol);
  CHECK(same.server.seen().size() == 2);
  rig other([](const seen_request&, size_t number) -> scripted_answer {
    return {list_of("", std::to_string(number))};
  });
  CHECK(refused_with(make_object_storage(other.store, "/", {})->list("")) == errc::protocol);
  CHECK(other.server.seen().size() <= 1001);
  hostile("answers of an object store", 2);
}

TEST_CASE("azure: removing one") {
  rig on(in_turn({{http_answer("202 Accepted")},
                  {refusal("404 Not Found", "BlobNotFound")},
                  {refusal("409 Conflict", "SnapshotsPresent")}}));
  CHECK(on.store->remove(std::array{std::string("a/b")})->wait());
  CHECK(on.store->remove(std::array{std::string("a/b")})->wait());
  CHECK(refused_with(on.store->remove(std::array{std::string("a/b")})->wait()) == errc::protocol);
  CHECK(on.server.seen()[0].first_line() == "DELETE /acc/c/a/b HTTP/1.1");
}

TEST_CASE("azure: removing many") {
  const std::array keys = {std::string("a"), std::string("b"), std::string("c")};
  SUBCASE("all at once, those that are missing passed over") {
    rig on(in_turn({{batch_of({{2, "202 Accepted"}, {0, "202 Accepted"}, {1, "404 Not Found"}})}}));
    CHECK(on.store->remove(keys)->wait());
    const auto seen = on.server.seen();
    REQUIRE(seen.size() == 1);
    CHECK(seen[0].first_line() == "POST /acc/c?comp=batch&restype=container HTTP/1.1");
    CHECK(seen[0].header("content-type").starts_with("multipart/mixed; boundary="));
    CHECK(seen[0].body.find("DELETE /acc/c/c HTTP/1.1\r\n") != std::string::npos);
  }
  SUBCASE("what is not confirmed is asked for by itself") {
    rig on([&](const seen_request&, size_t number) -> scripted_answer {
      return {number == 0 ? batch_of({{1, "503 Busy"}, {7, "202 Accepted"}, {0, "202 Accepted"}})
                          : http_answer("202 Accepted")};
    });
    CHECK(on.store->remove(keys)->wait());
    std::multiset<std::string> lines;
    for (const auto& one : on.server.seen())
      lines.insert(one.first_line());
    CHECK(lines == std::multiset<std::string>{"DELETE /acc/c/b HTTP/1.1",
                                              "DELETE /acc/c/c HTTP/1.1",
                                              "POST /acc/c?comp=batch&restype=container HTTP/1.1"});
  }
  SUBCASE("a store without batches") {
    rig on([&](const seen_request& asked, size_t) -> scripted_answer {
      return {asked.first_line().starts_with("POST")
                  ? refusal("400 x", "InvalidQueryParameterValue")
                  : http_answer("202 Accepted")};
    });
    CHECK(on.store->remove(keys)->wait());
    CHECK(on.server.seen().size() == 4);
  }
  SUBCASE("a refusal is told as that of one") {
    rig on(in_turn({{batch_of({{0, "403 x"}, {1, "403 x"}, {2, "403 x"}})},
                    {refusal("403 x", "AuthorizationPermissionMismatch")}}));
    const auto done = on.store->remove(keys)->wait();
    CHECK(refused_with(done) == errc::protocol);
    CHECK(done.failure().message.find("AuthorizationPermissionMismatch") != std::string::npos);
    CHECK_FALSE(done.failure().hint.empty());
    CHECK(on.server.seen().size() == 2);
  }
}

TEST_CASE("azure: what is held stays, and the others are asked for") {
  rig on([&](const seen_request& asked, size_t) -> scripted_answer {
    const auto line = asked.first_line();
    if (line.starts_with("POST "))
      return {batch_of({{0, "409 x"}, {1, "409 x"}, {2, "409 x"}})};
    if (line.starts_with("HEAD "))
      return {http_answer("200 OK", "",
                          "x-ms-immutability-policy-until-date: Sat, 02 Jan 2027 03:04:05 GMT\r\n"
                          "x-ms-legal-hold: false\r\n")};
    return {line.find("/b ") == std::string::npos
                ? refusal("409 Conflict", "BlobImmutableDueToPolicy")
                : http_answer("202 Accepted")};
  });
  const std::array keys = {std::string("a"), std::string("b"), std::string("c")};
  const auto gone = on.store->remove(keys)->wait();
  CHECK(refused_with(gone) == errc::protocol);
  CHECK(gone.failure().held);
  CHECK(gone.failure().message.find("the store holds 'a' (BlobImmutableDueToPolicy") == 0);
  CHECK(gone.failure().message.ends_with(" until Sat, 02 Jan 2027 03:04:05 GMT"));
  const auto seen = on.server.seen();
  CHECK(std::ranges::count_if(
            seen, [](const auto& one) { return one.first_line().starts_with("DELETE "); }) == 3);
}

TEST_CASE("azure: more than a batch can take are several batches") {
  std::vector<std::string> keys;
  for (int i = 0; i < 600; ++i)
    keys.push_back("k" + std::to_string(i));
  rig on([](const seen_request& asked, size_t) -> scripted_answer {
    std::vector<std::pair<size_t, std::string>> all;
    for (size_t at = asked.body.find("Content-ID: "); at != std::string::npos;
         at = asked.body.find("Content-ID: ", at + 1))
      all.emplace_back(all.size(), "202 Accepted");
    return {.bytes = batch_of(all), .wait = 200ms};
  });
  CHECK(on.store->remove(keys)->wait());
  CHECK(on.server.seen().size() == 3);
  CHECK(on.server.at_once_most() == 3);
}

TEST_CASE("azure: who refuses says why, once") {
  for (const auto* name : {"AuthenticationFailed", "AuthorizationFailure", "AccountIsDisabled"}) {
    rig on(in_turn({{refusal("403 Forbidden", name)}}));
    const auto done = on.store->put("k", bytes_of("x"))->wait();
    CHECK(refused_with(done) == errc::protocol);
    CHECK(done.failure().message.starts_with("HTTP request failed with 403 (Forbidden)"));
    CHECK(done.failure().message.find(name) != std::string::npos);
    CHECK_FALSE(done.failure().hint.empty());
    CHECK(on.server.seen().size() == 1);
  }
}

TEST_CASE("azure: a signature of somebody else is never shown") {
  for (const auto* status : {"403 Forbidden", "503 Busy"}) {
    rig on(
        in_turn({{http_answer(status, "<Error><Code>AuthenticationFailed</Code><Message>no\nhidden"
                                      "</Message><AuthenticationErrorDetail>sig=hidden"
                                      "</AuthenticationErrorDetail></Error>")}}));
    on.about.kind = azure::key_type::sas;
    on.about.key = secret("?sv=1&sig=hidden&sr=c");
    on.about.at.limit = 300ms;
    on.made_anew();
    const auto done = on.store->list({.prefix = "r/"})->wait();
    CHECK(refused_with(done) != errc::assertion);
    CHECK(done.failure().message.find("GET http://127.0.0.1") != std::string::npos);
    CHECK(on.server.seen()[0].first_line().ends_with("&sv=1&sig=hidden&sr=c HTTP/1.1"));
    CHECK(on.server.seen()[0].header("authorization").empty());
  }
}

TEST_CASE("azure: a token, and another one when it holds no more") {
  std::atomic<int> tokens = 0;
  rig on([&](const seen_request& asked, size_t) -> scripted_answer {
    if (asked.first_line().starts_with("GET /metadata/"))
      return {http_answer("200 OK", "{\"access_token\": \"hidden" + std::to_string(++tokens) +
                                        "\", \"expires_in\": \"3600\"}")};
    return {asked.header("authorization") == "Bearer hidden2"
                ? http_answer("201 Created")
                : refusal("401 Unauthorized", "InvalidAuthenticationInfo")};
  });
  on.about.kind = azure::key_type::instance;
  on.about.metadata_url = on.server.url("");
  on.made_anew();
  CHECK(on.store->put("k", bytes_of("x"))->wait());
  CHECK(on.store->put("k", bytes_of("x"))->wait());
  CHECK(tokens == 2);
}

TEST_CASE("azure: a token that is always refused is asked for twice") {
  std::atomic<int> tokens = 0;
  rig on([&](const seen_request& asked, size_t) -> scripted_answer {
    if (!asked.first_line().starts_with("GET /metadata/"))
      return {refusal("401 Unauthorized", "InvalidAuthenticationInfo")};
    ++tokens;
    return {http_answer("200 OK", R"({"access_token": "hidden", "expires_in": 60})")};
  });
  on.about.kind = azure::key_type::instance;
  on.about.metadata_url = on.server.url("");
  on.made_anew();
  const auto done = on.store->put("k", bytes_of("x"))->wait();
  CHECK(refused_with(done) == errc::protocol);
  CHECK(done.failure().hint.find("repo-azure-key-type") != std::string::npos);
  CHECK(tokens == 2);
}

TEST_CASE("azure: without a token nothing is removed") {
  rig on(in_turn({{http_answer("404 Not Found")}}));
  on.about.kind = azure::key_type::instance;
  on.about.metadata_url = on.server.url("");
  on.made_anew();
  const std::array keys = {std::string("a"), std::string("b")};
  CHECK(refused_with(on.store->remove(keys)->wait()) == errc::protocol);
  for (const auto& one : on.server.seen())
    CHECK(one.first_line().starts_with("GET /metadata/"));
}

TEST_CASE("azure: a redirect to elsewhere is not followed") {
  rig on(in_turn({{http_answer("307 x", "", "Location: http://127.0.0.1:1/\r\n")}}));
  CHECK(refused_with(on.store->put("k", bytes_of("x"))->wait()) == errc::protocol);
  CHECK(on.server.seen().size() == 1);
}

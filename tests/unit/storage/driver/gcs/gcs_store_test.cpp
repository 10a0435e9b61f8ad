// A bucket whose answers a test writes.
// SPDX-License-Identifier: MIT
#include "engine/codec/message_digest.hpp"
#include "storage/driver/gcs/gcs_store.hpp"
#include "tests/unit/engine/http/scripted_server.hpp"

#include <fmt/format.h>

#include <set>

using namespace pgbraid;
using namespace pgbraid::object;
using namespace pgbraid::test;
using namespace std::chrono_literals;

namespace {

struct rig {
  explicit rig(scripted_server::script answers) : server(std::move(answers)) {
    about.at.port = server.port;
    about.token = secret("hidden");
    about.from.kind = gcs::key_type::token;
    store = gcs::make_gcs_store(about);
  }
  scripted_server server;
  gcs::settings about = {.bucket = "b",
                         .at = {.endpoint = "127.0.0.1", .tls = false, .limit = 60s}};
  std::shared_ptr<object_store> store;
};

template <class T> errc failed_with(const result<T>& what) {
  REQUIRE_FALSE(what);
  CHECK(what.failure().message.find("hidden") == std::string::npos);
  return what.failure().code;
}

std::vector<std::byte> bytes_of(std::string_view text) {
  const auto bytes = as_bytes(text);
  return {bytes.begin(), bytes.end()};
}

std::string made(uint64_t size, std::string_view md5 = {}) {
  return http_answer(
      "200 OK", R"({"size":")" + std::to_string(size) + R"(","updated":"2026-01-02T03:04:05Z")" +
                    (md5.empty() ? "" : R"(,"md5Hash":")" + std::string(md5) + '"') + "}");
}

std::string received(uint64_t bytes) {
  return http_answer("308 Resume Incomplete", "",
                     bytes == 0 ? "" : "Range: bytes=0-" + std::to_string(bytes - 1) + "\r\n");
}

std::string missing(std::string_view why) {
  return http_answer("404 Not Found", R"({"error":{"message":")" + std::string(why) + R"("}})");
}

/// An upload as the store should keep it; faults come first.
struct uploads {
  std::string content = {};
  std::string final_size = {};
  std::vector<scripted_answer> faults = {};

  scripted_answer operator()(const seen_request& asked, size_t) {
    if (asked.first_line().starts_with("POST"))
      return {http_answer("200 OK", "", "X-GUploader-UploadID: the id\r\n")};
    const auto range = asked.header("content-range");
    if (!faults.empty()) {
      auto fault = faults.front();
      faults.erase(faults.begin());
      return fault;
    }
    if (!range.starts_with("bytes */")) {
      if (std::stoul(range.substr(6)) != content.size())
        return {http_answer("400 Bad Request")};
      content += asked.body;
    }
    if (range.ends_with("/" + std::to_string(content.size())))
      return {made(content.size(), codec::to_base64(codec::md5_of(as_bytes(content))))};
    return {received(content.size())};
  }
};

constexpr size_t grain = gcs::part_grain_bytes;

/// Writes these parts, as a writer does.
result<nothing> written(object_store& to, const std::vector<std::string>& contents) {
  auto id = to.begin_parts("k")->wait();
  REQUIRE(id);
  std::vector<asked<uploaded_part>> under_way;
  uint64_t size = 0;
  for (const auto& one : contents) {
    size += one.size();
    under_way.push_back(
        to.put_part("k", *id, static_cast<unsigned>(under_way.size() + 1), bytes_of(one)));
  }
  std::vector<uploaded_part> parts;
  for (auto& one : under_way) {
    auto part = one->wait();
    if (!part) {
      CHECK(to.drop_parts("k", *id)->wait());
      return part.failure();
    }
    parts.push_back(*part);
  }
  return to.end_parts("k", *id, parts, size)->wait();
}

} // namespace

TEST_CASE("gcs: what came is compared with the digest that is told") {
  const auto told = [](std::string_view of, const std::string& more) {
    return "X-Goog-Hash: " + more + "md5=" + codec::to_base64(codec::md5_of(as_bytes(of))) + "\r\n";
  };
  const auto read = [](const std::string& headers, uint64_t offset, const char* range) {
    rig on([=](const seen_request&, size_t) -> scripted_answer {
      return {
          http_answer("206 Partial Content", "abc", headers + "Content-Range: " + range + "\r\n")};
    });
    return on.store->read("k", offset, 3, {})->wait();
  };
  CHECK(read(told("abc", "crc32c=AAAAAA==,"), 0, "bytes 0-2/3"));
  CHECK(read("X-Goog-Hash: crc32c=AAAAAA==\r\n" + told("abc", ""), 0, "bytes 0-2/3"));
  CHECK(failed_with(read(told("abd", "crc32c=AAAAAA==,"), 0, "bytes 0-2/3")) == errc::file_read);
  CHECK(failed_with(read("X-Goog-Hash: crc32c=AAAAAA==\r\n" + told("abd", ""), 0, "bytes 0-2/3")) ==
        errc::file_read);
  // It is the whole object's.
  CHECK(read(told("abd", ""), 0, "bytes 0-2/4"));
  CHECK(read(told("abd", ""), 1, "bytes 1-3/4"));
}

TEST_CASE("gcs: what is had as it comes is compared with the digest, too") {
  const std::string content(3 * http::some_bytes, 'x');
  for (const auto& [stored, also_later] :
       {std::pair(content, true), {content + "y", true}, {content + "y", false}}) {
    const auto digest = codec::to_base64(codec::md5_of(as_bytes(stored)));
    const auto about = [&, size = content.size()](size_t from) {
      return fmt::format("x-goog-generation: 7\r\nContent-Range: bytes {}-{}/{}\r\n", from,
                         size - 1, size) +
             (from == 0 || also_later ? "X-Goog-Hash: md5=" + digest + "\r\n" : "");
    };
    for (const bool breaks : {false, true}) {
      rig on([&](const seen_request& asked, size_t number) -> scripted_answer {
        const auto from = std::stoul(asked.header("range").substr(6));
        auto answer =
            http_answer("206 Partial Content", std::string_view(content).substr(from), about(from));
        const bool cut = breaks && number == 0;
        return {.bytes = answer.substr(0, answer.size() - (cut ? 10 : 0)),
                .hangs_up = cut,
                .drip = std::chrono::milliseconds(2),
                .at_once = number == 0 ? answer.size() - 110 : answer.size()};
      });
      auto one = on.store->read("k", 0, content.size(), {});
      size_t had = 0;
      while (const auto more = one->some(std::chrono::minutes(1)).size())
        had += more;
      CHECK(had > 0);
      const auto rest = one->wait();
      if (stored == content)
        CHECK(had + (*rest)->bytes.size() == content.size());
      else
        CHECK(failed_with(rest) == errc::file_read);
    }
  }
}

TEST_CASE("gcs: a new time for an object") {
  rig on(
      [](const seen_request&, size_t) -> scripted_answer { return {http_answer("200 OK", "{}")}; });
  CHECK(on.store->touch("a/k")->wait());
  CHECK(on.server.seen()[0].first_line().starts_with("PATCH /storage/v1/b/b/o/a%2Fk"));
}

TEST_CASE("gcs: reading, looking, listing") {
  rig on([](const seen_request& asked, size_t) -> scripted_answer {
    const auto line = asked.first_line();
    CHECK(asked.header("authorization") == "Bearer hidden");
    if (line.find("alt=media") != std::string::npos)
      return {http_answer("206 Partial Content", "cdef",
                          "x-goog-generation: 7\r\nContent-Range: bytes 2-5/100\r\n")};
    if (line.find("/o/a%2Fb?") != std::string::npos)
      return {made(100)};
    if (line.find("/o?") != std::string::npos)
      return {http_answer("200 OK", R"({"prefixes":["p/x/"]})")};
    return {missing("No such object: b/none")};
  });
  const auto piece = on.store->read("a/b", 2, 4, "7")->wait();
  REQUIRE(piece);
  CHECK(as_text((*piece)->bytes) == "cdef");
  CHECK((*piece)->object_bytes == 100);
  CHECK((*piece)->tag == "7");
  CHECK(on.server.seen()[0].first_line() ==
        "GET /storage/v1/b/b/o/a%2Fb?alt=media&ifGenerationMatch=7 HTTP/1.1");
  CHECK(on.server.seen()[0].header("range") == "bytes=2-5");
  CHECK((**on.store->look("a/b")->wait()).size_bytes == 100);
  CHECK_FALSE(*on.store->look("none")->wait());
  const auto page = on.store->list({.prefix = "p/", .from = "t", .most = 1})->wait();
  REQUIRE(page);
  CHECK(page->prefixes == std::vector<std::string>{"p/x/"});
  CHECK(on.server.seen().back().first_line() ==
        "GET /storage/v1/b/b/o?delimiter=%2F&fields=kind%2CnextPageToken%2Cprefixes%2Citems%28name%"
        "2Csize%2Cupdated%29&maxResults=1&pageToken=t&prefix=p%2F HTTP/1.1");
}

TEST_CASE("gcs: a bucket that is missing is told, with a hint, and no token") {
  rig on([](const seen_request&, size_t) -> scripted_answer {
    return {missing("The specified bucket does not exist.")};
  });
  for (const auto& told :
       {on.store->look("k")->wait().failure(), on.store->list({})->wait().failure(),
        on.store->read("k", 0, 1, {})->wait().failure()}) {
    CHECK(told.code == errc::protocol);
    CHECK(told.hint.find("repo-gcs-bucket") != std::string::npos);
    CHECK(told.message.find("hidden") == std::string::npos);
  }
}

TEST_CASE("gcs: an object at once has its digest with it, and is what was sent") {
  const auto digest = codec::to_base64(codec::md5_of(as_bytes("content")));
  std::string answer = made(7, digest);
  rig on([&](const seen_request&, size_t) -> scripted_answer { return {answer}; });
  on.about.at.tags = {{"team", "db"}};
  on.about.user_project = "who pays";
  on.store = gcs::make_gcs_store(on.about);
  CHECK(on.store->put("a b", bytes_of("content"))->wait());
  const auto seen = on.server.seen()[0];
  CHECK(seen.first_line() == "POST /upload/storage/v1/b/b/o?fields=size%2Cupdated%2Cmd5Hash&name=a%"
                             "20b&uploadType=multipart&userProject=who%20pays HTTP/1.1");
  CHECK(seen.body.find(R"("md5Hash":")" + digest + '"') != std::string::npos);
  CHECK(seen.body.find(R"("metadata":{"team":"db"})") != std::string::npos);
  CHECK(seen.body.find("\r\n\r\ncontent\r\n") != std::string::npos);
  answer = made(6, digest);
  CHECK(failed_with(on.store->put("k", bytes_of("content"))->wait()) == errc::file_write);
  answer = made(7, "AAAA");
  CHECK(failed_with(on.store->put("k", bytes_of("content"))->wait()) == errc::file_write);
}

TEST_CASE("gcs: an object in parts, with and without a rest") {
  for (const size_t rest : {size_t{0}, size_t{5}}) {
    auto there = std::make_shared<uploads>();
    rig on([there](const seen_request& asked, size_t number) { return (*there)(asked, number); });
    const auto whole =
        std::string(grain, 'a') + std::string(2 * grain, 'b') + std::string(rest, 'c');
    std::vector<std::string> parts = {whole.substr(0, grain), whole.substr(grain, 2 * grain)};
    if (rest != 0)
      parts.push_back(whole.substr(3 * grain));
    CHECK(written(*on.store, parts));
    CHECK(there->content == whole);
    CHECK(on.server.seen()[1].header("content-range") == "bytes 0-262143/*");
  }
}

TEST_CASE("gcs: nothing is there before the end") {
  auto there = std::make_shared<uploads>();
  rig on([there](const seen_request& asked, size_t number) { return (*there)(asked, number); });
  const auto id = on.store->begin_parts("k")->wait();
  REQUIRE(id);
  REQUIRE(on.store->put_part("k", *id, 1, bytes_of(std::string(grain, 'x')))->wait());
  REQUIRE(on.store->put_part("k", *id, 2, bytes_of("rest"))->wait());
  CHECK(there->content.size() == grain);
  CHECK(on.store->drop_parts("k", *id)->wait());
  CHECK(there->content.size() == grain);
}

TEST_CASE("gcs: an upload that breaks goes on behind what the store has") {
  auto there = std::make_shared<uploads>();
  there->faults = {{.bytes = "", .hangs_up = true}, {http_answer("503 Service Unavailable")}};
  rig on([there](const seen_request& asked, size_t number) { return (*there)(asked, number); });
  CHECK(written(*on.store, {std::string(grain, 'a'), "rest"}));
  CHECK(there->content == std::string(grain, 'a') + "rest");
}

TEST_CASE("gcs: what came in part is not sent again") {
  size_t chunks = 0;
  rig on([&](const seen_request& asked, size_t) -> scripted_answer {
    if (asked.first_line().starts_with("POST"))
      return {http_answer("200 OK", "", "X-GUploader-UploadID: the id\r\n")};
    const auto range = asked.header("content-range");
    if (range == "bytes 0-262143/*")
      return {received(100)};
    if (range == "bytes 100-262143/*") {
      ++chunks;
      CHECK(asked.body.size() == grain - 100);
      return {received(grain)};
    }
    CHECK(range == "bytes */262144");
    return {made(grain)};
  });
  CHECK(written(*on.store, {std::string(grain, 'a')}));
  CHECK(chunks == 1);
}

TEST_CASE("gcs: uploads that a store does not keep to are refused") {
  std::vector<scripted_answer> answers;
  const auto outcome = [&](std::vector<scripted_answer> with, const std::string& content) {
    auto there = std::make_shared<uploads>();
    there->faults = std::move(with);
    rig on([there](const seen_request& asked, size_t number) { return (*there)(asked, number); });
    return failed_with(written(*on.store, {content}));
  };
  const std::string aligned(grain, 'a');
  CHECK(outcome({{received(grain + 1)}}, aligned) == errc::protocol);
  CHECK(outcome({{received(7)}, {received(3)}}, aligned) == errc::protocol);
  CHECK(outcome({{made(grain)}}, aligned) == errc::protocol); // before its end
  CHECK(outcome({{missing("gone")}}, aligned) == errc::protocol);
  CHECK(outcome({{made(5)}}, "rest") == errc::file_write);
  CHECK(outcome({{made(4, "AAAA")}}, "rest") == errc::file_write);
  CHECK(outcome({{http_answer("200 OK", "{}")}}, "rest") == errc::format);
  CHECK(outcome(std::vector<scripted_answer>(9, {received(0)}), aligned) == errc::service);
}

TEST_CASE("gcs: removing many in batches; what a batch leaves is told by itself") {
  rig on([](const seen_request& asked, size_t) -> scripted_answer {
    if (asked.first_line().starts_with("DELETE "))
      return {asked.first_line().find("k7 ") != std::string::npos
                  ? http_answer("403 Forbidden", R"({"error":{"message":"it is locked"}})")
                  : http_answer("204 No Content")};
    std::string body;
    for (size_t i = 0; i < 100; ++i)
      if (asked.body.find("Content-ID: " + std::to_string(i) + "\r\n") != std::string::npos &&
          i != 7 && i != 8)
        body += "--x\r\nContent-Type: application/http\r\nContent-ID: response-" +
                std::to_string(i) + "\r\n\r\nHTTP/1.1 " + (i % 2 == 0 ? "204" : "404") +
                " X\r\n\r\n\r\n";
    return {
        http_answer("200 OK", body + "--x--\r\n", "Content-Type: multipart/mixed; boundary=x\r\n")};
  });
  std::vector<std::string> keys;
  for (int i = 0; i < 150; ++i)
    keys.push_back("k" + std::to_string(i));
  const auto gone = on.store->remove(keys)->wait();
  CHECK(failed_with(gone) == errc::protocol);
  CHECK(gone.failure().message.find("it is locked") != std::string::npos);
  size_t batches = 0;
  size_t alone = 0;
  for (const auto& one : on.server.seen())
    ++(one.first_line().starts_with("POST /batch/storage/v1 ") ? batches : alone);
  CHECK(batches == 2);
  CHECK(alone == 4); // two of each batch
  CHECK(on.store->remove(std::vector<std::string>{"k1"})->wait());
}

TEST_CASE("gcs: a token that is refused is asked for again") {
  scripted_server lent([](const seen_request&, size_t number) -> scripted_answer {
    return {http_answer("200 OK", R"({"access_token":"t)" + std::to_string(number) +
                                      R"(","expires_in":3600})")};
  });
  rig on([](const seen_request& asked, size_t) -> scripted_answer {
    return {asked.header("authorization") == "Bearer t0" ? http_answer("401 Unauthorized")
                                                         : made(5)};
  });
  on.about.from = {.kind = gcs::key_type::instance, .metadata_url = lent.url("")};
  on.store = gcs::make_gcs_store(on.about);
  CHECK(on.store->look("k")->wait());
  CHECK(lent.seen().size() == 2);
}

TEST_CASE("gcs: what a policy or a hold keeps is told in the service's words; the others go") {
  const std::string policy =
      R"({"error":{"code":403,"message":"Object 'b/k1' is subject to bucket's )"
      R"(retention policy and cannot be deleted until 2027-01-02","errors":[)"
      R"({"reason":"forbidden"}]}})";
  const std::string hold =
      R"({"error":{"message":"x","errors":[{"reason":"objectUnderActiveHold"}]}})";
  std::set<std::string> asked_for;
  rig on([&](const seen_request& asked, size_t) -> scripted_answer {
    if (asked.first_line().starts_with("POST "))
      return {http_answer("200 OK", "--x--\r\n", "Content-Type: multipart/mixed; boundary=x\r\n")};
    asked_for.insert(asked.first_line().substr(0, asked.first_line().find(" HTTP")));
    if (asked.first_line().find("/k1 ") != std::string::npos)
      return {http_answer("403 Forbidden", policy)};
    if (asked.first_line().find("/k2 ") != std::string::npos)
      return {http_answer("403 Forbidden", hold)};
    return {http_answer("204 No Content")};
  });
  const std::vector<std::string> keys = {"k1", "k2", "k3"};
  const auto gone = on.store->remove(keys)->wait();
  CHECK(failed_with(gone) == errc::protocol);
  CHECK(gone.failure().held);
  CHECK(gone.failure().message.find("the store holds 'k1' (") == 0);
  CHECK(gone.failure().message.find("until 2027-01-02") != std::string::npos);
  CHECK(asked_for.contains("DELETE /storage/v1/b/b/o/k3"));
  CHECK(on.store->remove(std::vector<std::string>{"k2"})->wait().failure().held);
}

// Bodies of a container, as they should be and as nobody should send them.
// SPDX-License-Identifier: MIT
#include "storage/driver/azure/azure_answer.hpp"
#include "storage/driver/rest/answer_words.hpp"
#include "storage/driver/rest/multipart.hpp"
#include "tests/hostile.hpp"

#include <doctest/doctest.h>

using namespace pgbraid;
using namespace pgbraid::azure;

namespace {

const object::object_store::list_request of_repo = {.prefix = "repo/"};
constexpr int64_t at_s = 1767323045; // Fri, 02 Jan 2026 03:04:05 GMT

std::string list_with(std::string_view inside, std::string_view next = "<NextMarker />") {
  return "\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults "
         "ServiceEndpoint=\"https://a.blob.core.windows.net/\" ContainerName=\"c\">"
         "<Prefix>repo/</Prefix><Blobs>" +
         std::string(inside) + "</Blobs>" + std::string(next) + "</EnumerationResults>";
}

std::string blob_named(std::string_view key, std::string_view size = "5",
                       std::string_view more = {}) {
  return "<Blob><Name>" + std::string(key) +
         "</Name><Properties><Last-Modified>Fri, 02 Jan 2026 03:04:05 GMT</Last-Modified>"
         "<Content-Length>" +
         std::string(size) + "</Content-Length>" + std::string(more) +
         "</Properties><OrMetadata /></Blob>";
}

std::string prefix_named(std::string_view name) {
  return "<BlobPrefix><Name>" + std::string(name) + "</Name></BlobPrefix>";
}

template <class T> errc code_of(const result<T>& what) {
  REQUIRE_FALSE(what);
  CHECK_FALSE(what.failure().message.empty());
  return what.failure().code;
}

auto page(std::string_view body) {
  return page_of(as_bytes(body), of_repo);
}

http::response answer_with(int status, std::string_view body,
                           std::vector<http::header> headers = {}) {
  const auto bytes = as_bytes(body);
  return {.status = status, .headers = std::move(headers), .body = {bytes.begin(), bytes.end()}};
}

http::response named(int status, std::string_view name) {
  return {.status = status, .headers = {{"x-ms-error-code", std::string(name)}}};
}

} // namespace

TEST_CASE("azure answers: a page of a list") {
  const auto got = page(list_with(
      blob_named("repo/a") + blob_named("repo/b&amp;c", "123456789012") + prefix_named("repo/d/")));
  REQUIRE(got);
  REQUIRE(got->objects.size() == 2);
  CHECK(got->objects[0].key == "repo/a");
  CHECK(got->objects[0].size_bytes == 5);
  CHECK(got->objects[0].mtime_s == at_s);
  CHECK(got->objects[1].key == "repo/b&c");
  CHECK(got->objects[1].size_bytes == 123456789012);
  CHECK(got->prefixes == std::vector<std::string>{"repo/d/"});
  CHECK(got->next.empty());
  CHECK(page(list_with("", "<NextMarker>2!/+=</NextMarker>"))->next == "2!/+=");
}

TEST_CASE("azure answers: a page of a list with versions") {
  const auto versioned = [](const std::string& name, const std::string& version) {
    auto one = blob_named(name);
    return one.insert(one.find("<Properties>"), "<VersionId>" + version + "</VersionId>");
  };
  const auto read = [](const std::string& text) {
    return version_page_of(as_bytes(text), {.prefix = "repo/"});
  };
  auto old = blob_named("repo/old"); // of before there were versions
  old.insert(old.find("</Properties>"), "<Etag>0x8D</Etag>");
  const auto got = read(list_with(versioned("repo/a", "2026-11-29T12:00:00.1234567Z") +
                                  versioned("repo/a", "2026-11-30T12:00:00.1234567Z") + old +
                                  prefix_named("repo/d/")));
  REQUIRE(got);
  REQUIRE(got->versions.size() == 3);
  CHECK(got->versions[0].version == "2026-11-29T12:00:00.1234567Z");
  CHECK(got->versions[1].key == "repo/a");
  CHECK(got->versions[1].from_s == at_s);
  CHECK(got->versions[1].size_bytes == 5);
  CHECK_FALSE(got->versions[1].removed);
  CHECK_FALSE(got->versions[1].until_s);
  CHECK(got->versions[2].version == "etag \"0x8D\"");
  CHECK(got->prefixes == std::vector<std::string>{"repo/d/"});

  CHECK(code_of(read(list_with(blob_named("repo/a")))) == errc::format); // neither
  CHECK(code_of(read(list_with(versioned("other/a", "v")))) == errc::protocol);
  CHECK(code_of(read(list_with(prefix_named("other/")))) == errc::protocol);
  CHECK(code_of(read("<Other><Blobs/><NextMarker/></Other>")) == errc::format);
  test::hostile("answers of an object store", 4);
}

TEST_CASE("azure answers: names that XML cannot hold come percent-encoded") {
  const auto encoded = [](std::string_view name) {
    return list_with("<Blob><Name Encoded=\"true\">" + std::string(name) + "</Name>" +
                     blob_named("").substr(std::string("<Blob><Name></Name>").size()));
  };
  CHECK(page(encoded("repo/a%20b+c%EF%BF%BE"))->objects[0].key == "repo/a b+c\xEF\xBF\xBE");
  // Without that mark they are what they are.
  CHECK(page(list_with(blob_named("repo/a%20b")))->objects[0].key == "repo/a%20b");
}

TEST_CASE("azure answers: directories of a hierarchical name space are no objects") {
  const auto got =
      page(list_with(blob_named("repo/d", "0", "<ResourceType>directory</ResourceType>") +
                     blob_named("repo/d/a", "1", "<ResourceType>file</ResourceType>")));
  REQUIRE(got);
  REQUIRE(got->objects.size() == 1);
  CHECK(got->objects[0].key == "repo/d/a");
}

TEST_CASE("azure answers: what is no list, or one of others, is refused") {
  for (const std::string& text :
       {std::string(), std::string("garbage"), std::string("<a></b>"),
        std::string("<EnumerationResults/>"),
        std::string("<EnumerationResults><Blobs/></EnumerationResults>"),
        std::string("<Other><Blobs/><NextMarker/></Other>"), list_with("<Blob/>"),
        list_with("<Blob><Name>repo/a</Name></Blob>"), list_with(blob_named("")),
        list_with(blob_named("repo/a", "-1")), list_with(blob_named("repo/a", "1e9")),
        list_with(blob_named("repo/a", "99999999999999999999")), list_with(prefix_named("repo/d")),
        list_with(blob_named("repo/a")).substr(0, 250)}) {
    CAPTURE(text);
    CHECK(code_of(page(text)) == errc::format);
  }
  CHECK(code_of(page(list_with(blob_named("other/a")))) == errc::protocol);
  CHECK(code_of(page(list_with(prefix_named("other/")))) == errc::protocol);
  CHECK(code_of(page(list_with(prefix_named("")))) == errc::protocol);
  test::hostile("answers of an object store", 17);
}

TEST_CASE("azure answers: XML that is made to harm") {
  const std::string bomb =
      "<!DOCTYPE a [<!ENTITY x \"xxxxxxxxxx\"><!ENTITY y \"&x;&x;&x;&x;&x;&x;&x;&x;\">]>"
      "<EnumerationResults><Blobs/><NextMarker>&y;</NextMarker></EnumerationResults>";
  CHECK(code_of(page(bomb)) == errc::format);
  CHECK(code_of(page("<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><EnumerationResults/>")) ==
        errc::format);
  test::hostile("answers of an object store", 2);
}

TEST_CASE("azure answers: each byte of a list, damaged or left out") {
  const auto good = list_with(blob_named("repo/a") + prefix_named("repo/b/"));
  for (size_t at = 0; at < good.size(); ++at)
    for (const char with : {'\0', '<', '>', '&', '\xff', ']'}) {
      auto bad = good;
      bad[at] = with;
      if (auto got = page(bad)) {
        for (const auto& one : got->objects)
          CHECK(one.key.starts_with("repo/"));
        for (const auto& one : got->prefixes)
          CHECK(one.starts_with("repo/"));
      }
    }
  for (size_t length = 0; length < good.size(); ++length)
    CHECK(code_of(page(good.substr(0, length))) == errc::format);
  test::hostile("answers of an object store", good.size() * 7);
}

TEST_CASE("azure answers: each byte of the answer to a batch, damaged or left out") {
  const std::string good = "--b\r\nContent-Type: application/http\r\nContent-ID: 0\r\n\r\n"
                           "HTTP/1.1 202 Accepted\r\nx-ms-version: 2024-08-04\r\n\r\n"
                           "--b\r\nContent-Type: application/http\r\nContent-ID: 1\r\n\r\n"
                           "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n\r\n--b--\r\n";
  const auto statuses = [](const std::string& body) {
    return rest::batch_statuses(
        answer_with(202, body, {{"content-type", "multipart/mixed; boundary=b"}}), 2);
  };
  CHECK(statuses(good) == std::vector<int>{202, 403});
  for (size_t at = 0; at < good.size(); ++at)
    for (const char with : {'\0', '-', ':', ' ', '\n', '2'}) {
      auto bad = good;
      bad[at] = with;
      CHECK(statuses(bad).size() == 2);
    }
  for (size_t length = 0; length < good.size(); ++length)
    CHECK(statuses(good.substr(0, length)).size() == 2);
  CHECK(statuses("").size() == 2);
  test::hostile("answers of an object store", good.size() * 7);
}

TEST_CASE("azure answers: size and time of an object") {
  const auto about = rest::about_of(
      {.status = 200,
       .headers = {{"content-length", "7"}, {"last-modified", "Fri, 02 Jan 2026 03:04:05 GMT"}}});
  REQUIRE(about);
  CHECK(about->size_bytes == 7);
  CHECK(about->mtime_s == at_s);
  CHECK(code_of(rest::about_of({.status = 200})) == errc::protocol);
}

TEST_CASE("azure answers: errors have a name, in a header or in the body") {
  const std::string body =
      "<?xml version=\"1.0\"?><Error><Code>AuthenticationFailed</Code><Message>"
      "Server failed.\nRequestId:1\nTime:2</Message><AuthenticationErrorDetail>"
      "hidden</AuthenticationErrorDetail></Error>";
  CHECK(error_name_of(answer_with(403, body)) == "AuthenticationFailed");
  CHECK(error_name_of(named(404, "BlobNotFound")) == "BlobNotFound");
  CHECK(error_name_of({.status = 404}).empty());
  CHECK(error_name_of(answer_with(404, "no XML")).empty());
  CHECK(told_by(answer_with(403, body)) == "AuthenticationFailed: Server failed.");
  CHECK(told_by(named(404, "BlobNotFound")) == "BlobNotFound");
  CHECK(told_by(answer_with(502, "a proxy")) == "a proxy");
  CHECK(told_by(answer_with(400, "<Other>hidden</Other>")).empty());
}

TEST_CASE("azure answers: hints where there is something to do") {
  const auto hint = [](const http::response& answer, key_type kind = key_type::shared) {
    return hint_for(answer, kind, at_s);
  };
  const auto has = [](const std::string& text, std::string_view word) {
    return text.find(word) != std::string::npos;
  };
  CHECK(has(hint(named(404, "ContainerNotFound")), "repo-azure-container"));
  CHECK(has(hint(named(400, "InvalidResourceName")), "repo-azure-container"));
  CHECK(has(hint(named(403, "AccountIsDisabled")), "repo-azure-account"));
  CHECK(has(hint(named(403, "KeyBasedAuthenticationNotPermitted")), "repo-azure-key-type=auto"));
  CHECK(has(hint(named(409, "BlobTagsNotSupportedForAccountType")), "repo-storage-tag"));
  CHECK(has(hint(named(403, "AuthenticationFailed")), "repo-azure-key "));
  CHECK(has(hint(named(403, "AuthenticationFailed"), key_type::sas), "repo-azure-key right, made"));
  CHECK(has(hint(named(401, "InvalidAuthenticationInfo"), key_type::instance),
            "repo-azure-key-type"));
  for (const auto* name : {"AuthorizationFailure", "AuthorizationPermissionMismatch", ""})
    CHECK(has(hint(named(403, name)), "repo-azure-key"));
  CHECK(has(hint({.status = 307}), "repo-azure-endpoint"));
  CHECK(hint({.status = 400}).empty());
  CHECK(hint(named(409, "Unknown")).empty());
  // Whose clock is wrong is refused by that name, too.
  auto late = named(403, "AuthenticationFailed");
  late.headers.push_back({"date", "Fri, 02 Jan 2026 03:24:05 GMT"});
  CHECK(has(hint(late), "clock"));
  late.headers.back().value = "Fri, 02 Jan 2026 03:05:05 GMT";
  CHECK_FALSE(has(hint(late), "clock"));
}

TEST_CASE("azure answers: the list of blocks") {
  const std::vector<object::uploaded_part> parts = {{1, "a"}, {2, "b&"}};
  CHECK(block_list_of(parts) == "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<BlockList>"
                                "<Latest>a</Latest><Latest>b&amp;</Latest></BlockList>");
}

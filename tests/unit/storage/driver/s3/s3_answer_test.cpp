// Bodies of a bucket, as they should be and as nobody should send them.
// SPDX-License-Identifier: MIT
#include "storage/driver/rest/answer_words.hpp"
#include "storage/driver/s3/s3_answer.hpp"
#include "tests/hostile.hpp"

#include <doctest/doctest.h>

using namespace pgbraid;
using namespace pgbraid::s3;

namespace {

const object::object_store::list_request of_repo = {.prefix = "repo/"};

std::string list_with(std::string_view inside, std::string_view truncated = "false") {
  return "<?xml version=\"1.0\"?><ListBucketResult "
         "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
         "<IsTruncated>" +
         std::string(truncated) + "</IsTruncated>" + std::string(inside) + "</ListBucketResult>";
}

std::string object_named(std::string_view key, std::string_view size = "5") {
  return "<Contents><Key>" + std::string(key) + "</Key><Size>" + std::string(size) +
         "</Size><LastModified>2026-01-02T03:04:05.678Z</LastModified></Contents>";
}

template <class T> errc code_of(const result<T>& what) {
  REQUIRE_FALSE(what);
  CHECK_FALSE(what.failure().message.empty());
  return what.failure().code;
}

auto page(std::string_view body) {
  return page_of(as_bytes(body), of_repo);
}

} // namespace

TEST_CASE("s3 answers: a page of a list") {
  const auto got = page(
      list_with(object_named("repo/a") + object_named("repo/b&amp;c", "123456789012") +
                "<CommonPrefixes><Prefix>repo/d/</Prefix></CommonPrefixes><KeyCount>3</KeyCount>"));
  REQUIRE(got);
  REQUIRE(got->objects.size() == 2);
  CHECK(got->objects[0].key == "repo/a");
  CHECK(got->objects[0].mtime_s == 1767323045);
  CHECK(got->objects[1].key == "repo/b&c");
  CHECK(got->objects[1].size_bytes == 123456789012);
  CHECK(got->prefixes == std::vector<std::string>{"repo/d/"});
  CHECK(got->next.empty());
  CHECK(page(list_with("<NextContinuationToken>t+/=</NextContinuationToken>", "true"))->next ==
        "t+/=");
}

TEST_CASE("s3 answers: names that XML cannot hold come percent-encoded") {
  const std::string encoded = "<EncodingType>url</EncodingType>";
  CHECK(page(list_with(encoded + object_named("repo/a%20b%2B%01")))->objects[0].key ==
        std::string("repo/a b+\x01"));
  // Without that word they are what they are.
  CHECK(page(list_with(object_named("repo/a%20b")))->objects[0].key == "repo/a%20b");
}

TEST_CASE("s3 answers: what is no list, or one of others, is refused") {
  for (const std::string& text :
       {std::string(), std::string("garbage"), std::string("<a></b>"),
        std::string("<ListBucketResult/>"),
        std::string("<Other><IsTruncated>false</IsTruncated></Other>"), list_with("", "true"),
        list_with("<Contents><Key>repo/a</Key></Contents>"), list_with(object_named("")),
        list_with(object_named("repo/a", "-1")), list_with(object_named("repo/a", "1e9")),
        list_with(object_named("repo/a", "99999999999999999999")),
        list_with("<CommonPrefixes><Prefix>repo/d</Prefix></CommonPrefixes>"),
        list_with(object_named("repo/a")).substr(0, 150)}) {
    CAPTURE(text);
    CHECK(code_of(page(text)) == errc::format);
  }
  CHECK(code_of(page(list_with(object_named("other/a")))) == errc::protocol);
  CHECK(code_of(page(list_with("<CommonPrefixes><Prefix>other/</Prefix></CommonPrefixes>"))) ==
        errc::protocol);
}

TEST_CASE("s3 answers: XML that is made to harm") {
  const std::string bomb =
      "<!DOCTYPE a [<!ENTITY x \"xxxxxxxxxx\"><!ENTITY y \"&x;&x;&x;&x;&x;&x;&x;&x;\">]>"
      "<ListBucketResult><IsTruncated>&y;</IsTruncated></ListBucketResult>";
  CHECK(code_of(page(bomb)) == errc::format);
  CHECK(code_of(page("<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><ListBucketResult/>")) ==
        errc::format);
  std::string deep;
  for (int i = 0; i < 100000; ++i)
    deep += "<a>";
  CHECK(code_of(page(deep)) == errc::format);
  CHECK(code_of(page(std::string("<a>\0</a>", 8))) == errc::format);
}

TEST_CASE("s3 answers: each byte of a list, damaged or left out") {
  const auto good = list_with(object_named("repo/a") + object_named("repo/b"));
  for (size_t at = 0; at < good.size(); ++at)
    for (const char with : {'\0', '<', '>', '&', '\xff', ']'}) {
      auto bad = good;
      bad[at] = with;
      if (auto got = page(bad))
        for (const auto& one : got->objects)
          CHECK(one.key.starts_with("repo/"));
    }
  for (size_t length = 0; length < good.size(); ++length)
    CHECK(code_of(page(good.substr(0, length))) == errc::format);
  test::hostile("answers of an object store", good.size() * 7);
}

TEST_CASE("s3 answers: an object without size and time") {
  CHECK(code_of(rest::about_of({.status = 200})) == errc::protocol);
}

TEST_CASE("s3 answers: errors have a name, and a hint where there is something to do") {
  const std::string body = "<Error><Code>NoSuchBucket</Code><Message>x</Message></Error>";
  const auto bytes = as_bytes(body);
  CHECK(error_name_of({.status = 404, .body = {bytes.begin(), bytes.end()}}) == "NoSuchBucket");
  CHECK(error_name_of({.status = 404}).empty());
  for (const auto* name :
       {"NoSuchBucket", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken",
        "PermanentRedirect", "RequestTimeTooSkewed", "AccessDenied"})
    CHECK_FALSE(hint_for(400, name).empty());
  CHECK_FALSE(hint_for(301, "").empty());
  CHECK_FALSE(hint_for(403, "").empty());
  CHECK(hint_for(400, "Unknown").empty());
}

TEST_CASE("s3 answers: what is held") {
  // Names and texts of several stores.
  CHECK(tells_of_hold("AccessDenied", "Access Denied because object protected by object lock."));
  CHECK(tells_of_hold("InvalidRequest", "Object is WORM protected and cannot be overwritten"));
  CHECK(tells_of_hold("ObjectLockedByBucketPolicy", "x"));
  CHECK(tells_of_hold("ObjectUnderRetention", "x"));
  CHECK_FALSE(tells_of_hold("AccessDenied", "Access Denied"));
  CHECK_FALSE(tells_of_hold("InvalidRequest", "x"));
}

TEST_CASE("s3 answers: removing many, and ending an object in parts") {
  const std::vector<std::string> keys = {"a&b", "<c>"};
  CHECK(removal_of(keys).find("<Object><Key>a&amp;b</Key></Object><Object><Key>&lt;c&gt;</Key>") !=
        std::string::npos);
  const auto refused = [](std::string_view inside) {
    const auto found =
        refusal_in(as_bytes("<DeleteResult>" + std::string(inside) + "</DeleteResult>"));
    REQUIRE(found);
    return *found;
  };
  CHECK_FALSE(refused(""));
  CHECK_FALSE(refused("<Error><Key>a</Key><Code>NoSuchKey</Code></Error>"));
  const std::string denied = "<Error><Key>a</Key><Code>AccessDenied</Code></Error>";
  const std::string held =
      "<Error><Key>b</Key><Code>AccessDenied</Code><Message>Access Denied because "
      "object protected by object lock.</Message></Error>";
  for (const auto& body : {denied, denied + held, held + denied}) {
    const auto worst = refused(body);
    REQUIRE(worst);
    CHECK(worst->key == "a");
    CHECK(worst->why.code == errc::protocol);
    CHECK_FALSE(worst->why.held);
    CHECK(worst->why.message.find("'a': AccessDenied") != std::string::npos);
    CHECK(worst->why.hint.find("remove objects") != std::string::npos);
  }
  CHECK(refused(held)->why.held);
  CHECK(refused(held)->key == "b");
  CHECK(code_of(refusal_in(as_bytes("<Other/>"))) == errc::format);
  const std::vector<object::uploaded_part> parts = {{1, "\"x\""}, {2, "\"y\""}};
  CHECK(part_list_of(parts).find("<Part><PartNumber>2</PartNumber><ETag>\"y\"</ETag></Part>") !=
        std::string::npos);
  CHECK(*text_in(as_bytes("<A><B>c</B></A>"), "A", "B") == "c");
  CHECK(code_of(text_in(as_bytes("<A><B/></A>"), "A", "B")) == errc::format);
}

namespace {

std::string versions_with(std::string_view inside, std::string_view truncated = "false") {
  return "<ListVersionsResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
         "<EncodingType>url</EncodingType><IsTruncated>" +
         std::string(truncated) + "</IsTruncated>" + std::string(inside) + "</ListVersionsResult>";
}

std::string version_named(std::string_view key, std::string_view id, std::string_view size = "4") {
  return "<Version><Key>" + std::string(key) + "</Key><VersionId>" + std::string(id) +
         "</VersionId><IsLatest>true</IsLatest><LastModified>2026-12-02T01:44:34.215Z"
         "</LastModified><Size>" +
         std::string(size) + "</Size></Version>";
}

auto version_page(std::string_view body) {
  return version_page_of(as_bytes(body), of_repo);
}

} // namespace

TEST_CASE("s3 answers: a page of versions") {
  const auto got = version_page(versions_with(
      "<NextKeyMarker>repo/c%26%2B</NextKeyMarker><NextVersionIdMarker>v/3=</NextVersionIdMarker>"
      "<CommonPrefixes><Prefix>repo/a/</Prefix></CommonPrefixes>"
      "<DeleteMarker><Key>repo%2Fb</Key><VersionId>v2</VersionId>"
      "<LastModified>2026-12-02T01:44:37.538Z</LastModified></DeleteMarker>" +
          version_named("repo%2Fb", "v1"),
      "true"));
  REQUIRE(got);
  CHECK(got->prefixes == std::vector<std::string>{"repo/a/"});
  REQUIRE(got->versions.size() == 2);
  CHECK(got->versions[0].key == "repo/b");
  CHECK(got->versions[0].removed);
  CHECK(got->versions[0].from_s == 1796175877);
  CHECK(got->versions[1].version == "v1");
  CHECK(got->versions[1].size_bytes == 4);
  CHECK_FALSE(got->versions[1].removed);
  CHECK(markers_of(got->next) ==
        rest::query_fields{{"key-marker", "repo/c&+"}, {"version-id-marker", "v/3="}});
  CHECK(version_page(versions_with(""))->next.empty());
  CHECK(markers_of("").empty());
}

TEST_CASE("s3 answers: what is no list of versions is refused") {
  for (const std::string& text :
       {list_with(object_named("repo/a")), versions_with("", "true"),
        versions_with(version_named("repo/a", "")), versions_with(version_named("", "v")),
        versions_with(version_named("repo/a", "v", "-1")),
        versions_with("<DeleteMarker><Key>repo/a</Key><VersionId>v</VersionId></DeleteMarker>"),
        std::string("<ListVersionsResult/>")}) {
    CAPTURE(text);
    test::hostile("answers of an object store");
    CHECK(code_of(version_page(text)) == errc::format);
  }
  CHECK(code_of(version_page(versions_with(version_named("other/a", "v")))) == errc::protocol);
}

TEST_CASE("s3 answers: what is no list of uploads is refused") {
  const auto uploads = [](std::string_view inside, std::string_view truncated = "false") {
    return "<ListMultipartUploadsResult><IsTruncated>" + std::string(truncated) + "</IsTruncated>" +
           std::string(inside) + "</ListMultipartUploadsResult>";
  };
  const std::string time = "<Initiated>2026-12-02T01:44:34.215Z</Initiated>";
  for (const std::string& text :
       {uploads("", "true"), uploads("<Upload><Key>repo/a</Key>" + time + "</Upload>"),
        uploads("<Upload><Key>repo/a</Key><UploadId>u</UploadId></Upload>"),
        uploads("<Upload><UploadId>u</UploadId>" + time + "</Upload>"),
        std::string("<ListMultipartUploadsResult/>")}) {
    CAPTURE(text);
    test::hostile("answers of an object store");
    CHECK(code_of(upload_page_of(as_bytes(text), of_repo)) == errc::format);
  }
}

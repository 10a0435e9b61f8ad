// The framing of info files: the specification's worked example, and everything that is refused.
// SPDX-License-Identifier: MIT
#include "engine/format/archive_info.hpp"
#include "engine/format/backup_info.hpp"
#include "engine/format/info_file.hpp"
#include "tests/hostile.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace pgbraid;
using namespace pgbraid::format;

namespace {

// An archive.info that pgBackRest 2.45 wrote; the sum: engine/format/README.md, section 4.3.
const std::string example = "[backrest]\n"
                            "backrest-format=5\n"
                            "backrest-version=\"2.45\"\n"
                            "\n"
                            "[db]\n"
                            "db-id=1\n"
                            "db-system-id=7710766669200556640\n"
                            "db-version=\"15\"\n"
                            "\n"
                            "[db:history]\n"
                            "1={\"db-id\":7710766669200556640,\"db-version\":\"15\"}\n"
                            "\n"
                            "[backrest]\n"
                            "backrest-checksum=\"cabe6f648a8d285f054c946b47e008f2a6f06016\"\n";

result<void> ignore(const info_line&) {
  return success();
}

errc code_of(const std::string& text) {
  test::hostile("manifests and info files");
  const auto read = parse_info(text, ignore);
  return read ? errc{} : read.failure().code;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  REQUIRE(at != text.npos);
  return text.replace(at, from.size(), to);
}

} // namespace

TEST_CASE("info file: the worked example") {
  const auto info = parse_archive_info(example);
  REQUIRE(info);
  CHECK(info->writer_version == "2.45");
  CHECK(info->current().system_id == 7710766669200556640u);
  CHECK(archive_id(info->current()) == "15-1");
  CHECK(render(*info) == example);
}

TEST_CASE("info file: what readers must tolerate") {
  // Doubled blank lines, no final LF.
  CHECK(parse_info(replaced(example, "\n\n[db]", "\n\n\n[db]"), ignore));
  CHECK(parse_info(example.substr(0, example.size() - 1), ignore));
  // The checksum line in the first section.
  const std::string line = "backrest-checksum=\"cabe6f648a8d285f054c946b47e008f2a6f06016\"\n";
  auto moved = replaced(example, "\n[backrest]\n" + line, "");
  CHECK(parse_info(replaced(moved, "backrest-format=5\n", "backrest-format=5\n" + line), ignore));
}

TEST_CASE("info file: what readers must refuse") {
  CHECK(code_of("") == errc::format);
  CHECK(code_of("# comment\n" + example) == errc::format);
  std::string crlf;
  for (const char c : example)
    crlf += c == '\n' ? std::string("\r\n") : std::string(1, c);
  CHECK(code_of(crlf) == errc::format);
  CHECK(code_of(replaced(example, "db-id=1\n", "db-id=1.0\n")) == errc::format);
  CHECK(code_of(replaced(example, "db-id=1\n", "db-id=2\n")) == errc::checksum);
  CHECK(code_of(example.substr(0, example.find("[backrest]", 5))) == errc::checksum);
  CHECK(code_of("Salted__12345678abcdefghabcdefgh") == errc::crypto);
}

TEST_CASE("info file: a section at the begin tells text from noise") {
  CHECK(looks_like_info(example));
  for (const std::string begin : {"[", "[backrest", "[backrest]", "[backrest]\nx", "\n\n[db]\n"}) {
    CAPTURE(begin);
    CHECK(looks_like_info(begin));
  }
  for (const std::string noise :
       {"", "\n", "backrest]\n", "[back\x01rest]\n", "[\xc3\xa4]", "[backrest\nx"}) {
    CAPTURE(noise);
    CHECK_FALSE(looks_like_info(noise));
  }
}

TEST_CASE("info file: another format is named") {
  test::hostile("manifests and info files", 2);
  const auto read = parse_info(replaced(example, "backrest-format=5", "backrest-format=6"), ignore);
  REQUIRE_FALSE(read);
  CHECK(read.failure().code == errc::format);
  CHECK(read.failure().message == "expected format 5 but found 6");
  CHECK(parse_info("PGBR006_xxxxxxxx", ignore).failure().message ==
        "expected format 5 but found 6");
}

TEST_CASE("info file: a damaged file is a checksum error even when its values make no sense") {
  test::hostile("manifests and info files");
  const auto read = parse_archive_info(replaced(example, "db-version\":\"15\"", "db-version\":15"));
  REQUIRE_FALSE(read);
  CHECK(read.failure().code == errc::checksum);
}

TEST_CASE("info file: the key ends at the first = that leaves valid JSON") {
  info_writer out("x");
  out.line("target:file", "pg_data/a=b={\"size\":1}", "{\"size\":2}");
  out.line("target:file", "pg_data/x=1=y", "3");
  const auto text = out.finish();
  std::vector<std::pair<std::string, std::string>> seen;
  REQUIRE(parse_info(text, [&](const info_line& line) {
    seen.emplace_back(line.key, line.value);
    return success();
  }));
  REQUIRE(seen.size() == 2);
  CHECK(seen[0].first == "pg_data/a=b={\"size\":1}");
  CHECK(seen[1].first == "pg_data/x=1=y");
  CHECK(seen[1].second == "3");
}

TEST_CASE("info file: every truncation is refused") {
  for (size_t length = 0; length + 1 < example.size(); ++length) {
    CAPTURE(length);
    CHECK(code_of(example.substr(0, length)) != errc{});
  }
}

TEST_CASE("archive.info: archive ids and the lookup of a cluster") {
  CHECK(parse_archive_id("9.6-1")->version == "9.6");
  CHECK(parse_archive_id("15-12")->id == 12);
  for (const auto* name :
       {"15", "15-", "-1", "15-0", "15-01", "x-1", "15-1x", "../15-1", "15-1-2"}) {
    test::hostile("names that leave their directory");
    CHECK_FALSE(parse_archive_id(name));
  }
  archive_info info;
  info.add(100, "13");
  info.add(200, "15");
  info.add(100, "13");
  CHECK(info.current_id == 3);
  CHECK(info.find(1, 100, "13")->id == 1);
  CHECK(info.find(2, 100, "13")->id == 3);
  CHECK(info.find(1, 300, "13") == nullptr);
  const auto all = info.matching(100, "13");
  REQUIRE(all.size() == 2);
  CHECK(all[0]->id == 3);
}

TEST_CASE("info files: a history that makes no sense is refused") {
  test::hostile("manifests and info files", 4);
  const auto build = [](std::string_view history, uint64_t current) {
    info_writer out("x");
    out.number("db", "db-id", current);
    out.line("db:history", "1", history);
    return out.finish();
  };
  CHECK(parse_archive_info(build(R"({"db-id":5,"db-version":"15"})", 1)));
  CHECK_FALSE(parse_archive_info(build(R"({"db-id":5,"db-version":"15"})", 2)));
  CHECK_FALSE(parse_archive_info(build(R"({"db-id":5,"db-version":"../15"})", 1)));
  CHECK_FALSE(parse_archive_info(build(R"({"db-version":"15"})", 1)));
  CHECK(parse_backup_info(build(R"({"db-system-id":5,"db-version":"15"})", 1)));
  CHECK_FALSE(parse_backup_info(build(R"({"db-system-id":5,"db-version":"../15"})", 1)));
}

TEST_CASE("backup.info: members of other versions are kept, missing ones are refused") {
  test::hostile("manifests and info files", 3);
  const std::string good =
      R"({"a-new-member":{"x":[1]},"backrest-format":5,"backrest-version":"2.59.1",)"
      R"("backup-archive-start":null,"backup-archive-stop":null,"backup-info-repo-size":1,)"
      R"("backup-info-repo-size-delta":1,"backup-info-size":2,"backup-info-size-delta":2,)"
      R"("backup-timestamp-start":3,"backup-timestamp-stop":4,"backup-type":"full","db-id":1,)"
      R"("option-archive-check":true,"option-archive-copy":false,"option-backup-standby":false,)"
      R"("option-checksum-page":true,"option-compress":true,"option-hardlink":false,)"
      R"("option-online":false,"zz":1})";
  const auto build = [](const std::string& line, std::string_view label) {
    info_writer out("x");
    out.line("backup:current", label, line);
    out.number("db", "db-catalog-version", 0);
    out.number("db", "db-control-version", 0);
    out.number("db", "db-id", 1);
    out.number("db", "db-system-id", 5);
    out.text("db", "db-version", "15");
    out.line(
        "db:history", "1",
        R"({"db-catalog-version":0,"db-control-version":0,"db-system-id":5,"db-version":"15"})");
    return out.finish();
  };
  const auto text = build(good, "20261121-223627F");
  const auto info = parse_backup_info(text);
  REQUIRE(info);
  CHECK(render(*info) == text);
  CHECK_FALSE(info->backups[0].archive_start);
  CHECK_FALSE(
      parse_backup_info(build(replaced(good, ",\"option-online\":false", ""), "20261121-223627F")));
  CHECK_FALSE(parse_backup_info(build(good, "../20261121-223627F")));
  CHECK_FALSE(parse_backup_info(build(good, "20261121-223627F_20261121-223627D")));
}

// Manifests: defaults, references, rendering of what is built by hand, and hostile input.
// SPDX-License-Identifier: MIT
#include "engine/format/info_feed.hpp"
#include "engine/format/manifest.hpp"
#include "engine/format/manifest_parser.hpp"
#include "tests/hostile.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::format;

namespace {

struct line {
  std::string section;
  std::string key;
  std::string value;
};

/// A small manifest as lines, so that tests can change one of them and keep the checksum right.
std::vector<line> small() {
  return {
      {"backup", "backup-label", R"("20261121-231250F")"},
      {"backup", "backup-reference", R"("20261121-231250F")"},
      {"backup", "backup-timestamp-copy-start", "1795302771"},
      {"backup", "backup-timestamp-start", "1795302770"},
      {"backup", "backup-timestamp-stop", "1795302773"},
      {"backup", "backup-type", R"("full")"},
      {"backup:db", "db-catalog-version", "202209061"},
      {"backup:db", "db-control-version", "1300"},
      {"backup:db", "db-id", "1"},
      {"backup:db", "db-system-id", "7710766669200556640"},
      {"backup:db", "db-version", R"("15")"},
      {"backup:option", "option-archive-check", "true"},
      {"backup:option", "option-archive-copy", "false"},
      {"backup:option", "option-compress", "true"},
      {"backup:option", "option-compress-type", R"("gz")"},
      {"backup:option", "option-hardlink", "false"},
      {"backup:option", "option-online", "true"},
      {"backup:target", "pg_data", R"({"path":"/data","type":"path"})"},
      {"target:file", "pg_data/PG_VERSION",
       R"({"checksum":"587b596f04f7db9c2cad3d6b87dd2b3a05de4f35","repo-size":23,"size":3,"timestamp":1})"},
      {"target:file", "pg_data/x",
       R"({"group":false,"mode":"0640","size":0,"timestamp":-1,"user":"bob"})"},
      {"target:file:default", "group", R"("postgres")"},
      {"target:file:default", "mode", R"("0600")"},
      {"target:file:default", "user", R"("postgres")"},
      {"target:path", "pg_data", "{}"},
      {"target:path:default", "group", R"("postgres")"},
      {"target:path:default", "mode", R"("0700")"},
      {"target:path:default", "user", R"("postgres")"},
  };
}

std::string text_of(const std::vector<line>& lines) {
  info_writer out("2.45");
  for (const auto& one : lines)
    out.line(one.section, one.key, one.value);
  return out.finish();
}

/// The small manifest with another value at a key, or with a line more.
std::string with(const std::string& section, const std::string& key, const std::string& value) {
  auto lines = small();
  for (auto& one : lines) {
    if (one.section == section && one.key == key) {
      one.value = value;
      return text_of(lines);
    }
  }
  lines.push_back({section, key, value});
  return text_of(lines);
}

std::string file_with(const std::string& members) {
  return with("target:file", "pg_data/PG_VERSION", members);
}

void check_refused(const std::string& text, std::string_view named = {}) {
  test::hostile("manifests and info files");
  const auto read = parse_manifest(text);
  REQUIRE_FALSE(read);
  CHECK(read.failure().code == errc::format);
  CHECK_MESSAGE(read.failure().message.find(named) != std::string::npos, read.failure().message);
}

} // namespace

TEST_CASE("manifest: defaults apply although they come last") {
  const auto read = parse_manifest(text_of(small()));
  REQUIRE(read);
  const auto* version = read->find_file("pg_data/PG_VERSION");
  REQUIRE(version != nullptr);
  CHECK(version->mode == 0600);
  CHECK(read->owner_name(version->user) == "postgres");
  CHECK(version->original_size_bytes() == 3);
  CHECK(version->stored_bytes() == 23);
  const auto* other = read->find_file("pg_data/x");
  CHECK(other->mode == 0640);
  CHECK_FALSE(read->owner_name(other->group));
  CHECK(read->owner_name(other->user) == "bob");
  CHECK(other->checksum == empty_sha1);
  CHECK(read->paths[0].mode == 0700);
  CHECK(read->data_target().path == "/data");
  CHECK(render(*read) == text_of(small()));
}

TEST_CASE("manifest: one built by hand renders like one that was read") {
  manifest made;
  made.writer_version = "2.45";
  made.label = "20261121-231250F";
  made.references = {made.label};
  made.start_s = 1795302770;
  made.copy_start_s = 1795302771;
  made.stop_s = 1795302773;
  made.catalog_version = 202209061;
  made.control_version = 1300;
  made.history_id = 1;
  made.system_id = 7710766669200556640u;
  made.db_version = "15";
  made.options = {.archive_check = true, .compress_kind = compress_type::gz, .online = true};
  made.targets = {{.name = "pg_data", .path = "/data"}};
  const auto postgres = made.owner("postgres");
  made.file_defaults = {.user = postgres, .group = postgres, .mode = 0600};
  made.path_defaults = {.user = postgres, .group = postgres, .mode = 0700};
  made.link_defaults = made.path_defaults;
  manifest_file empty;
  empty.name = made.keep(std::string("pg_data/x"));
  empty.mode = 0640;
  empty.mtime_s = -1;
  empty.user = made.owner("bob");
  made.files.push_back(empty);
  auto version = *parse_manifest(text_of(small()))->find_file("pg_data/PG_VERSION");
  version.name = made.keep("pg_data/PG_VERSION");
  version.user = version.group = postgres;
  made.files.push_back(version);
  made.paths.push_back({.name = "pg_data", .user = postgres, .group = postgres, .mode = 0700});
  made.sort();
  CHECK(render(made) == text_of(small()));
}

TEST_CASE("manifest: names that would leave the cluster are refused and named") {
  const std::string value = R"({"size":0,"timestamp":1})";
  for (const std::string name :
       {"pg_data/../x", "/etc/passwd", "pg_data//x", "pg_data/./x", "pg_data/", "etc/passwd", "x",
        "pg_tblspc/x/y", "pg_tblspc/../y", "pg_tblspc/1", "pg_data", "pg_data/a/..", "pg_tblspc//x",
        "pg_datax/y", ".."}) {
    CAPTURE(name);
    check_refused(with("target:file", name, value), name);
    check_refused(with("target:link", name, R"({"destination":"/x"})"), name);
  }
  check_refused(with("target:file", std::string("pg_data/a\0b", 11), value), "a\\x00b");
  check_refused(with("target:file", "pg_data/" + std::string(256, 'a'), value));
  check_refused(with("target:path", "pg_data/../x", "{}"), "pg_data/../x");
  check_refused(with("target:path", "pg_tblspc/1a", "{}"), "pg_tblspc/1a");
  CHECK(parse_manifest(with("target:path", "pg_tblspc/16384", "{}")));
  CHECK(parse_manifest(with("target:path", "pg_tblspc", "{}")));
  CHECK(parse_manifest(with("target:file", "pg_tblspc/16384/PG_15_1/5/1", value)));
  CHECK(parse_manifest(with("target:file", "pg_data/..x/...", value)));
}

TEST_CASE("manifest: link destinations are data, but not any data") {
  CHECK(parse_manifest(with("target:link", "pg_data/a", R"({"destination":"../../x"})")));
  check_refused(with("target:link", "pg_data/a", R"({"destination":""})"));
  check_refused(with("target:link", "pg_data/a", R"({"destination":"a\u0000b"})"));
  check_refused(with("target:link", "pg_data/a", "{}"));
  check_refused(with("backup:target", "pg_data/f", R"({"file":"../f","path":"x","type":"link"})"));
  check_refused(with("backup:target", "pg_data", R"({"path":"","type":"path"})"));
  check_refused(with("backup:target", "pg_data", R"({"path":"x","type":"link"})"));
  check_refused(with("backup:target", "pg_tblspc", R"({"path":"x","type":"link"})"));
  check_refused(with("backup:target", "pg_tblspc/5/x",
                     R"({"path":"/t","tablespace-id":"5/x","tablespace-name":"t","type":"link"})"));
  check_refused(with("backup:target", "pg_tblspc/5",
                     R"({"path":"/t","tablespace-id":"6","tablespace-name":"t","type":"link"})"));
}

TEST_CASE("manifest: numbers that make no sense are refused") {
  check_refused(file_with(R"({"size":18446744073709551616,"timestamp":1})"));
  check_refused(file_with(R"({"size":9223372036854775808,"timestamp":1})"));
  check_refused(file_with(R"({"size":1.5,"timestamp":1})"));
  check_refused(file_with(R"({"size":-1,"timestamp":1})"));
  check_refused(file_with(R"({"timestamp":1})"), "'size'");
  check_refused(file_with(R"({"size":1})"), "'timestamp'");
  check_refused(file_with(R"({"bni":0,"size":1,"timestamp":1})"));
  check_refused(file_with(R"({"bni":4294967296,"size":1,"timestamp":1})"));
  check_refused(file_with(R"({"bno":5,"size":1,"timestamp":1})"));
  check_refused(
      file_with(R"({"bni":1,"bno":9223372036854775807,"repo-size":1,"size":1,"timestamp":1})"));
  check_refused(file_with(R"({"bi":1,"bim":9,"repo-size":8,"size":1,"timestamp":1})"));
  check_refused(file_with(R"({"bic":0,"size":1,"timestamp":1})"));
  check_refused(file_with(R"({"mode":"9999","size":1,"timestamp":1})"));
  check_refused(file_with(R"({"mode":"77777","size":1,"timestamp":1})"));
  check_refused(file_with(R"({"checksum":"587b","size":1,"timestamp":1})"));
  check_refused(
      file_with(R"({"checksum-page":false,"checksum-page-error":[3,2],"size":1,"timestamp":1})"));
  check_refused(file_with(
      R"({"checksum-page":false,"checksum-page-error":[[1,2,3]],"size":1,"timestamp":1})"));
  check_refused(file_with(R"({"reference":"../x","size":1,"timestamp":1})"));
  // Two sizes that fit, but not together.
  auto lines = small();
  for (auto& one : lines) {
    if (one.section == "target:file")
      one.value = R"({"size":9223372036854775807,"timestamp":1})";
  }
  check_refused(text_of(lines), "overflow");
}

TEST_CASE("manifest: what is missing or listed twice is refused") {
  for (size_t i = 0; i < small().size(); ++i) {
    test::hostile("manifests and info files");
    auto lines = small();
    const auto gone = lines[i];
    lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(i));
    const auto read = parse_manifest(text_of(lines));
    CAPTURE(gone.key);
    const bool optional = gone.section.starts_with("target:") ||
                          gone.key == "option-compress-type" || gone.key == "backup-reference";
    const bool default_mode = gone.section.ends_with(":default") && gone.key == "mode";
    CHECK(static_cast<bool>(read) == (optional && !default_mode));
  }
  auto lines = small();
  lines.insert(lines.end(), {"target:path", "pg_data", R"({"mode":"0750"})"});
  check_refused(text_of(lines), "twice");
  check_refused(with("backup", "backup-label", R"("../../etc")"));
  check_refused(with("backup", "backup-type", R"("incr")"));
  check_refused(with("backup:db", "db-version", R"("../15")"));
  check_refused(with("backup:option", "option-compress-type", R"("rot13")"), "rot13");
}

TEST_CASE("manifest: entries that are listed twice alike count once") {
  auto lines = small();
  for (const auto* key : {"pg_data/PG_VERSION", "pg_data/x"}) {
    const auto at = std::ranges::find(lines, key, &line::key);
    lines.insert(at, line(*at));
  }
  lines.push_back({"target:path", "pg_data", R"({"mode":"0700"})"}); // the same in other words
  const auto read = parse_manifest(text_of(lines));
  REQUIRE(read);
  CHECK(render(*read) == text_of(small()));
}

TEST_CASE("manifest: of files that the end of a backup returns the later entry counts") {
  for (const std::string name : {"pg_data/tablespace_map", "pg_data/backup_label"}) {
    auto lines = small();
    const auto at = std::ranges::find(lines, "pg_data/x", &line::key);
    const auto value = [](const std::string& digits, int size) {
      return fmt::format(R"({{"checksum":"{}","size":{},"timestamp":1}})", digits, size);
    };
    lines.insert(at, {{"target:file", name, value(std::string(40, 'a'), 6)},
                      {"target:file", name, value(std::string(40, 'b'), 18)}});
    const auto read = parse_manifest(text_of(lines));
    REQUIRE(read);
    CHECK(read->files.size() == 3);
    CHECK(read->find_file(name)->size_bytes == 18);
  }
}

TEST_CASE("manifest: an incomplete list of references is completed at its end") {
  auto lines = small();
  const std::string own = "20261121-231250F_20261121-231258I";
  for (auto& one : lines) {
    if (one.key == "backup-label" || one.key == "backup-reference")
      one.value = '"' + own + '"';
    if (one.key == "backup-type")
      one.value = R"("incr")";
    if (one.key == "pg_data/x")
      one.value = R"({"reference":"20261121-231250F","size":0,"timestamp":1})";
  }
  const auto read = parse_manifest(text_of(lines));
  REQUIRE(read);
  CHECK(read->references == std::vector<std::string>{own, "20261121-231250F"});
  CHECK(read->holder(*read->find_file("pg_data/x")) == "20261121-231250F");
  CHECK(read->holder(*read->find_file("pg_data/PG_VERSION")) == own);
}

TEST_CASE("manifest: an adopted entry refers to the backup that holds the data") {
  const auto prior = parse_manifest(text_of(small()));
  REQUIRE(prior);
  manifest next;
  next.label = "20261121-231250F_20261121-231258I";
  const auto taken = next.adopt(*prior, *prior->find_file("pg_data/x"), true);
  CHECK(next.holder(taken) == "20261121-231250F");
  CHECK(next.owner_name(taken.user) == "bob");
  CHECK(taken.name == "pg_data/x");
}

TEST_CASE("manifest: validation names what is wrong") {
  auto read = parse_manifest(file_with(R"({"size":3,"timestamp":1})"));
  REQUIRE(read);
  const auto flawed = validate(*read, strictness::lenient);
  REQUIRE_FALSE(flawed);
  CHECK(flawed.failure().code == errc::format);
  CHECK(flawed.failure().message.find("pg_data/PG_VERSION") != std::string::npos);
  auto* file = read->find_file("pg_data/PG_VERSION");
  file->has_checksum = true;
  CHECK(validate(*read, strictness::strict));
  file->has_repo_size = true;
  CHECK(validate(*read, strictness::lenient));
  CHECK_FALSE(validate(*read, strictness::strict));
}

TEST_CASE("manifest: entries stay small") {
  CHECK(sizeof(manifest_file) <= 176);
}

TEST_CASE("manifest: every truncation is refused without a crash") {
  const auto text = text_of(small());
  for (size_t length = 0; length + 1 < text.size(); ++length) {
    test::hostile("manifests and info files");
    CAPTURE(length);
    CHECK_FALSE(parse_manifest(std::string_view(text).substr(0, length)));
  }
}

/// With each line looked through before anybody reads it.
std::string told_with_care(std::string_view text) {
  manifest_parser parser;
  info_feed lines([&](const info_line& at) { return parser.line(at); });
  if (auto fed = lines.feed(text); !fed)
    return fed.failure().text();
  auto version = lines.finish();
  if (!version)
    return version.failure().text();
  const auto read = parser.finish(std::move(*version));
  return read ? render(*read) : read.failure().text();
}

std::string told(std::string_view text) {
  const auto read = parse_manifest(text);
  return read ? render(*read) : read.failure().text();
}

TEST_CASE("manifest: random damage is refused or means the same") {
  const auto text = text_of(small());
  std::mt19937 random(20261121);
  for (unsigned round = 0; round < 20000; ++round) {
    test::hostile("random damage and noise");
    auto damaged = text;
    const unsigned changes = 1 + random() % 4;
    for (unsigned i = 0; i < changes; ++i) {
      const size_t at = random() % damaged.size();
      if (random() % 3 == 0)
        damaged.erase(at, random() % 20);
      else
        damaged[at] = static_cast<char>(random());
    }
    if (damaged == text)
      continue;
    const auto read = parse_manifest(damaged);
    if (read)
      CHECK(render(*read) == text);
    CHECK(told(damaged) == told_with_care(damaged));
  }
}

TEST_CASE("manifest: random damage under a right checksum does not crash") {
  std::mt19937 random(7);
  unsigned accepted = 0;
  for (unsigned round = 0; round < 20000; ++round) {
    test::hostile("random damage and noise");
    auto lines = small();
    auto& one = lines[random() % lines.size()];
    auto& part = random() % 4 == 0 ? one.key : one.value;
    static constexpr std::string_view alphabet = "{}[]\",:/.0123456789-_\\uabeftn=pgdat\x00\xff";
    part[random() % part.size()] = alphabet[random() % alphabet.size()];
    const auto read = parse_manifest(text_of(lines));
    CHECK(told(text_of(lines)) == told_with_care(text_of(lines)));
    if (!read)
      continue;
    ++accepted;
    const auto again = parse_manifest(render(*read));
    CHECK(again);
  }
  CHECK(accepted > 0);
}

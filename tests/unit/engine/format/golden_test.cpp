// Info files and manifests of real writers: read, understood, and rendered to the same bytes.
// SPDX-License-Identifier: MIT
#include "engine/base/bytes.hpp"
#include "engine/format/archive_info.hpp"
#include "engine/format/backup_info.hpp"
#include "engine/format/manifest.hpp"
#include "tests/unit/engine/format/golden.hpp"
#include "tests/unit/engine/format/proved.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>

using namespace pgbraid;
using namespace pgbraid::format;

TEST_CASE("golden: archive.info comes back byte for byte") {
  for (const auto& [path, content] : golden::archive_infos()) {
    CAPTURE(path.string());
    const auto info = parse_archive_info(content);
    REQUIRE_MESSAGE(info, (info ? "" : info.failure().message));
    CHECK(render(*info) == content);
  }
}

TEST_CASE("golden: backup.info comes back byte for byte") {
  for (const auto& [path, content] : golden::backup_infos()) {
    CAPTURE(path.string());
    const auto info = parse_backup_info(content);
    REQUIRE_MESSAGE(info, (info ? "" : info.failure().message));
    CHECK(render(*info) == content);
  }
}

TEST_CASE("golden: manifests come back byte for byte and are valid") {
  size_t count = 0;
  for (const auto& [path, content] : golden::manifests()) {
    CAPTURE(path.string());
    const auto read = parse_manifest(content);
    REQUIRE_MESSAGE(read, (read ? "" : read.failure().message));
    CHECK(render(*read) == content);
    CHECK(validate(*read, strictness::strict));
    CHECK(test::prove_readable(*read));
    ++count;
  }
  CHECK((count >= 50 || golden::sets().empty()));
}

TEST_CASE("golden: backup.info says what the manifests say") {
  std::map<std::string, backup_info> infos;
  for (const auto& [path, content] : golden::backup_infos())
    infos.emplace(path.parent_path().string(), *parse_backup_info(content));
  for (const auto& [path, content] : golden::manifests()) {
    CAPTURE(path.string());
    const auto read = parse_manifest(content);
    REQUIRE(read);
    const auto made = summarize(*read);
    const auto* listed = infos.at(path.parent_path().parent_path().string()).find(made.label);
    REQUIRE(listed != nullptr);
    // annotate edits backup.info only, and 2.33 did not store these.
    auto expected = *listed;
    expected.annotations = made.annotations;
    if (!expected.page_errors)
      expected.page_errors = false;
    if (!expected.lsn_start) {
      expected.lsn_start = made.lsn_start;
      expected.lsn_stop = made.lsn_stop;
    }
    backup_info one;
    one.add_history(1, "15", 2, 3);
    auto other = one;
    one.add(expected);
    other.add(made);
    CHECK(render(one) == render(other));
  }
}

TEST_CASE("golden: the members mean what the specification's examples say") {
  for (const auto& [path, content] : golden::manifests()) {
    const auto name = path.string();
    if (name.find("/b-2.59.1") != name.npos && name.find("231311I/") != name.npos) {
      const auto read = parse_manifest(content);
      const auto* file = read->find_file("pg_data/global/2672");
      REQUIRE(file != nullptr);
      CHECK(file->rare->block_size_bytes == 8192);
      CHECK(file->rare->block_map_size_bytes == 40);
      CHECK(file->bundle_id == 2);
      CHECK(file->bundle_offset_bytes == 40);
      CHECK(file->stored_bytes() == 144);
      CHECK(file->size_bytes == 16384);
      CHECK(read->references.size() == 4);
      CHECK(read->references.back() == read->label);
      CHECK(std::any_of(read->targets.begin(), read->targets.end(), [](const auto& target) {
        return target.is_tablespace() && target.tablespace_name == "ts1";
      }));
    }
    if (name.find("/c-2.59.1") != name.npos && name.find("231318F/") != name.npos) {
      const auto read = parse_manifest(content);
      const auto* bad = read->find_file("pg_data/base/5/16384");
      REQUIRE(bad != nullptr);
      CHECK(bad->pages == page_check::broken);
      const std::vector<page_range> pages{{3, 3}, {7, 9}, {12, 12}, {15, 15}};
      CHECK(read->page_errors.at(bad->rare->page_errors) == pages);
      const auto* misaligned = read->find_file("pg_data/base/5/16389");
      REQUIRE(misaligned != nullptr);
      CHECK(misaligned->pages == page_check::broken);
      CHECK(misaligned->rare->page_errors == none_index);
    }
    if (name.find("/g-2.60.0") != name.npos && name.find("231527F/") != name.npos) {
      const auto read = parse_manifest(content);
      const auto* link = read->find_target("pg_data/pg_hba.conf");
      REQUIRE(link != nullptr);
      CHECK(link->is_file_link());
      CHECK(link->path == "../../extconf");
      CHECK(read->find_link("pg_data/pg_xact")->destination == "/var/lib/postgresql/ext/xact");
    }
  }
}

TEST_CASE("golden: format 6 is refused, and named") {
  for (const auto& one : golden::sets()) {
    if (!golden::is_format_6(one))
      continue;
    const auto text = golden::read_file(one.repository / "backup/demo/backup.info");
    const auto read = parse_backup_info(text);
    REQUIRE_FALSE(read);
    CHECK(read.failure().code == errc::format);
    CHECK(read.failure().message == "expected format 5 but found 6");
  }
}

TEST_CASE("golden: cipher text where plain text is expected is recognised") {
  for (const auto& one : golden::sets()) {
    const auto text = golden::read_file(one.repository / "backup/demo/backup.info");
    if (!text.starts_with("Salted__"))
      continue;
    const auto read = parse_backup_info(text);
    REQUIRE_FALSE(read);
    CHECK(read.failure().code == errc::crypto);
  }
}

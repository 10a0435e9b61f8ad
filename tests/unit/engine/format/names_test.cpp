// Labels, archive names, paths, timeline histories and lock files.
// SPDX-License-Identifier: MIT
#include "engine/format/label.hpp"
#include "engine/format/lock_content.hpp"
#include "engine/format/repository_path.hpp"
#include "engine/format/timeline_history.hpp"
#include "engine/format/unfinished_wal.hpp"
#include "engine/format/wal_entry.hpp"
#include "tests/hostile.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <ctime>

using namespace pgbraid;
using namespace pgbraid::format;

namespace {

/// Another local time zone for one test.
struct zone {
  explicit zone(const char* name) {
    setenv("TZ", name, 1);
    tzset();
  }
  ~zone() {
    unsetenv("TZ");
    tzset();
  }
};

constexpr int64_t noon_s = 1795302770; // 2026-11-21 23:12:50 UTC: golden a's first label

} // namespace

TEST_CASE("label: is the start time in the local zone") {
  {
    const zone utc("UTC0");
    CHECK(make_label(backup_type::full, noon_s) == "20261121-231250F");
    CHECK(make_label(backup_type::incr, noon_s + 8, "20261121-231250F") ==
          "20261121-231250F_20261121-231258I");
  }
  const zone east("EAST-2");
  CHECK(make_label(backup_type::full, noon_s) == "20261122-011250F");
}

TEST_CASE("label: expression, type and set") {
  for (const auto* label : {"20261121-231250F", "20261121-231250F_20261121-231258I",
                            "20261121-231250F_20261121-231255D"})
    CHECK(is_label(label));
  for (const auto* label :
       {"", "20261121-231250", "20261121-231250D", "20261121-231250F_", "2026112a-231250F",
        "20261121-231250F/..", "20261121-231250F_20261121-231258F",
        "20261121-231250F_20261121-231258I.", "20261121_231250F", "latest"}) {
    test::hostile("names that leave their directory");
    CHECK_FALSE(is_label(label));
  }
  CHECK(type_of_label("20261121-231250F_20261121-231255D") == backup_type::diff);
  CHECK(full_of_label("20261121-231250F_20261121-231255D") == "20261121-231250F");
}

TEST_CASE("label: a new one is later than those it is compared with") {
  const zone utc("UTC0");
  const std::string full = "20261121-231250F";
  CHECK(choose_label(backup_type::full, noon_s, {}, {})->label == full);
  const std::vector<std::string> same{full};
  const auto later = choose_label(backup_type::full, noon_s, {}, same);
  REQUIRE(later);
  CHECK(later->label == "20261121-231251F");
  CHECK(later->second_added);
  const std::vector<std::string> future{"20261121-231251F"};
  const auto refused = choose_label(backup_type::full, noon_s, {}, future);
  REQUIRE_FALSE(refused);
  CHECK(refused.failure().code == errc::clock);
  // A dependent backup is compared with its own set only.
  CHECK(choose_label(backup_type::incr, noon_s, full, future));
  const std::vector<std::string> own{full, full + "_20270101-000000I"};
  CHECK_FALSE(choose_label(backup_type::diff, noon_s, full, own));
  // A full is compared with dependents of other sets too: they begin with another full.
  CHECK(choose_label(backup_type::full, noon_s + 1, {}, own)->label == "20261121-231251F");
}

TEST_CASE("wal entry: names in an archive") {
  const std::string sum = "dafbf44355254f826b129cecc7a094e4a6b4009e";
  const std::string name = "00000001000000000000000F";
  const auto gz = parse_wal_entry(name + "-" + sum + ".gz");
  REQUIRE(gz);
  CHECK(gz->segment == name);
  CHECK(gz->checksum == sum);
  CHECK(gz->compress == compress_type::gz);
  CHECK_FALSE(gz->partial);
  CHECK(parse_wal_entry(name + "-" + sum)->compress == compress_type::none);
  CHECK(parse_wal_entry(name + ".partial-" + sum + ".zst")->partial);
  CHECK(wal_entry_name(name + ".partial", sum, compress_type::bz2) ==
        name + ".partial-" + sum + ".bz2");
  for (const auto& bad : {name, name + "-" + sum + ".xz", name + "-" + sum + ".gz.pgbackrest.tmp",
                          name + ".00000028.backup", name + "-" + sum.substr(1), name + "_" + sum,
                          "0000000100000000000000zz-" + sum, name + "-" + sum + ".",
                          name + ".partial", std::string("00000002.history")}) {
    test::hostile("WAL segments");
    CHECK_FALSE(parse_wal_entry(bad));
  }
}

TEST_CASE("wal entry: names of what is still being stored") {
  const std::string sum = "dafbf44355254f826b129cecc7a094e4a6b4009e";
  const std::string name = "00000001000000000000000F";
  for (const auto& [of, written] :
       {std::pair(name + "-" + sum + ".gz", ".0123456789abcdef.pgbackrest.tmp"),
        std::pair(name + "-" + sum, ".0123456789abcdef.pgbackrest.tmp"),
        std::pair(name + ".partial-" + sum + ".zst", ".0123456789abcdef.pgbackrest.tmp"),
        std::pair(name + "-" + sum + ".lz4", ".pgbackrest.tmp"),
        std::pair(name + "-" + sum, ".pgbackrest.tmp")}) {
    CHECK(parse_unfinished_wal_entry(of + written) == parse_wal_entry(of));
    CHECK(parse_unfinished_wal_entry(of + written));
    CHECK_FALSE(parse_wal_entry(of + written));
    CHECK_FALSE(parse_unfinished_wal_entry(of));
  }
  for (const auto& bad :
       {std::string(".pgbackrest.tmp"), std::string("x.0123456789abcdef.pgbackrest.tmp"),
        name + "-" + sum + ".gz.0123456789abcdeg.pgbackrest.tmp",
        name + "-" + sum + ".gz.123456789abcdef.pgbackrest.tmp",
        name + "-" + sum + ".gz.0123456789abcdef.0123456789abcdef.pgbackrest.tmp",
        name + "-" + sum + ".gz.0123456789abcdef.tmp", std::string("00000002.history")}) {
    test::hostile("WAL segments");
    CHECK_FALSE(parse_unfinished_wal_entry(bad));
  }
}

TEST_CASE("paths: where things lie") {
  CHECK(archive_info_path("demo") == "archive/demo/archive.info");
  CHECK(manifest_path_of("demo", "20261121-231250F") ==
        "backup/demo/20261121-231250F/backup.manifest");
  CHECK(wal_directory("demo", "15-1", "000000010000000000000009") ==
        "archive/demo/15-1/0000000100000000");
  CHECK(wal_history_path("demo", "15-1", "00000002.history") ==
        "archive/demo/15-1/00000002.history");
  CHECK(wal_history_path("demo", "15-1", "000000010000000000000009.00000028.backup") ==
        "archive/demo/15-1/0000000100000000/000000010000000000000009.00000028.backup");
  CHECK(history_manifest_path("demo", "20261121-231250F_20270101-000000I") ==
        "backup/demo/backup.history/2026/20261121-231250F_20270101-000000I.manifest.gz");
}

TEST_CASE("paths: a file's bytes are with the backup that holds them") {
  manifest of;
  of.label = "20261121-231250F_20261121-231258I";
  of.options.compress_kind = compress_type::zst;
  manifest_file file;
  file.name = "pg_data/base/1/2";
  const auto path = [&] { return stored_file_path("demo", of, file); };
  CHECK(path() == "backup/demo/" + of.label + "/pg_data/base/1/2.zst");
  file.reference = of.reference("20261121-231250F");
  CHECK(path() == "backup/demo/20261121-231250F/pg_data/base/1/2.zst");
  of.set_rare(file, {.block_map_size_bytes = 40});
  CHECK(path() == "backup/demo/20261121-231250F/pg_data/base/1/2.pgbi");
  file.bundle_id = 7;
  CHECK(path() == "backup/demo/20261121-231250F/bundle/7");
}

TEST_CASE("timeline history: forks") {
  const auto read = parse_timeline_history("1\t0/5000000\tno recovery target specified\n\n"
                                           "# comment\n3\tA/B0000000\tbefore 2000-01-01\n");
  REQUIRE(read);
  REQUIRE(read->size() == 2);
  CHECK((*read)[1].timeline == 3);
  CHECK((*read)[1].lsn == 0xAB0000000);
  for (const auto* bad : {"x", "1\t0/", "1\t0/5000000x", "2\t0/1\n1\t0/2", "0\t0/1", "1 5000000",
                          "4294967296\t0/1"}) {
    test::hostile("WAL segments");
    CHECK_FALSE(parse_timeline_history(bad));
  }
}

TEST_CASE("lock content: the specification's example") {
  test::hostile("manifests and info files", 2);
  const std::string example =
      R"({"execId":"20362-55177406","pctCplt":3970,"pid":20362,"sz":13537950,"szCplt":5373952})";
  const auto read = parse_lock_content(example);
  REQUIRE(read);
  CHECK(read->exec_id == "20362-55177406");
  CHECK(read->percent_hundredths == 3970);
  CHECK(render(*read) == example);
  CHECK(parse_lock_content("")->pid == 0);
  CHECK(parse_lock_content("20362\n20362-55177406\n")->exec_id == "20362-55177406");
  CHECK_FALSE(parse_lock_content("{\"pid\":"));
  CHECK_FALSE(parse_lock_content("garbage"));
}
